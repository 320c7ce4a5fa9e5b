"""The graph of the stacks as an SVG: in columns from left to right, lines passing between boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from xml.sax.saxutils import escape

# In pixels: a box, what is between boxes, the room for a line that passes by, a letter's width.
HEIGHT, GAP, PASSAGE, LETTER, BEND, MARGIN = 30, 12, 14, 7.6, 56, 20
SWEEPS = 12
_STYLE = """\
  <style>
    svg { --page: #ffffff; --edge: #d0d7de; --text: #1f2328; --line: #818b98;
          --box: #ddf4ff; --box-edge: #0969da; }
    @media (prefers-color-scheme: dark) {
      svg { --page: #0d1117; --edge: #3d444d; --text: #f0f6fc; --line: #768390;
            --box: #0c2d4d; --box-edge: #4493f8; }
    }
    text { font: 600 13px -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica,
           Arial, sans-serif; fill: var(--text); text-anchor: middle; }
    rect { fill: var(--box); stroke: var(--box-edge); stroke-width: 1.5px; rx: 7px; }
    .page { fill: var(--page); stroke: var(--edge); stroke-width: 1px; rx: 12px; }
    path { fill: none; stroke: var(--line); stroke-width: 1.5px; }
    path:hover { stroke: var(--box-edge); stroke-width: 3px; }
    .arrow { marker-end: url(#tip); }
    marker path { stroke: none; fill: var(--line); }
  </style>
  <defs>
    <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6"
            orient="auto"><path d="M0 0 8 4 0 8z"/></marker>
  </defs>"""


@dataclass(frozen=True)
class Node:
    """A stack in its column, or, in the columns between a stack and one that needs it, its line."""

    stack: str
    column: int
    is_line: bool = False

    @property
    def height(self) -> int:
        return PASSAGE if self.is_line else HEIGHT

    @property
    def width(self) -> float:
        return 0 if self.is_line else len(self.stack) * LETTER + 26


# What each stack takes from each other, both by name.
Takings = Mapping[str, Mapping[str, Sequence[str]]]


def picture(takings: Takings, title: str) -> str:
    """The picture of these stacks, which are in the order of deployment."""
    graph = _Graph(_columns(takings))
    for stack, parents in takings.items():
        for parent, names in parents.items():
            graph.connect(parent, stack, ", ".join(names))
    graph.arrange()
    body = "\n".join(f"  {line}" for line in graph.elements())
    width, height = round(graph.width), round(graph.height)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" \
width="{width}" height="{height}" role="img">
  <title>{escape(title)}</title>
{_STYLE}
  <rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}"/>
{body}
</svg>"""


def _columns(takings: Takings) -> dict[str, int]:
    """The column of each stack: after all that it needs, and as near as can be to what needs it."""
    columns: dict[str, int] = {}
    children: dict[str, list[str]] = {stack: [] for stack in takings}
    for stack, parents in takings.items():
        columns[stack] = max((columns[parent] + 1 for parent in parents), default=0)
        for parent in parents:
            children[parent].append(stack)
    for stack in reversed(columns):
        # Further right, the lines to its children are shorter, and those to its parents longer.
        if len(children[stack]) > len(takings[stack]):
            columns[stack] = min(columns[child] for child in children[stack]) - 1
    return columns


@dataclass
class _Graph:
    """The nodes by column, their neighbours to the left and to the right, and where they are."""

    column_of: Mapping[str, int]
    columns: list[list[Node]] = field(init=False)
    before: dict[Node, dict[Node, str]] = field(default_factory=dict)
    after: dict[Node, dict[Node, str]] = field(default_factory=dict)
    middle: dict[Node, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.columns = [[] for _ in range(max(self.column_of.values(), default=0) + 1)]
        for stack, column in self.column_of.items():
            self._add(Node(stack, column))

    def connect(self, parent: str, child: str, label: str) -> None:
        """A line from column to column; several from one parent are one for as long as can be."""
        node = Node(parent, self.column_of[parent])
        for column in range(node.column + 1, self.column_of[child]):
            node = self._joined(node, Node(parent, column, is_line=True))
        self._joined(node, Node(child, self.column_of[child]), label)

    def _joined(self, node: Node, following: Node, label: str = "") -> Node:
        if following not in self.before:
            self._add(following)
        self.after[node][following] = self.before[following][node] = label
        return following

    def _add(self, node: Node) -> None:
        self.before[node], self.after[node] = {}, {}
        self.columns[node.column].append(node)

    def arrange(self) -> None:
        """Order each column by where its neighbours are, from the left and from the right."""
        for column in self.columns:
            self._place(column, {})
        for sweep in range(SWEEPS):
            is_forward = sweep % 2 == 0
            neighbours = self.before if is_forward else self.after
            for column in self.columns if is_forward else reversed(self.columns):
                wanted = {
                    node: fmean(self.middle[other] for other in neighbours[node])
                    for node in column
                    if neighbours[node]
                }
                column.sort(key=lambda node: wanted.get(node, self.middle[node]))
                self._place(column, wanted)
        top = min(self.middle[node] - node.height / 2 for node in self.middle)
        for node in self.middle:
            self.middle[node] += MARGIN - top

    def _place(self, column: Sequence[Node], wanted: Mapping[Node, float]) -> None:
        """Put the nodes one below the other, as near as there is room to where they want to be."""
        wishes = {node: wanted.get(node, self.middle.get(node, 0.0)) for node in column}
        end = float("-inf")
        for node in column:
            self.middle[node] = max(wishes[node], end + GAP + node.height / 2)
            end = self.middle[node] + node.height / 2
        shift = fmean(wishes[node] - self.middle[node] for node in column)
        for node in column:
            self.middle[node] += shift

    @property
    def height(self) -> float:
        return max(self.middle[node] + node.height / 2 for node in self.middle) + MARGIN

    @property
    def width(self) -> float:
        return self._left(len(self.columns)) - BEND + MARGIN

    def _left(self, column: int) -> float:
        before = self.columns[:column]
        return MARGIN + sum(max(node.width for node in nodes) + BEND for nodes in before)

    def elements(self) -> Iterator[str]:
        """The lines first, so that the boxes are over their ends."""
        for node, others in self.after.items():
            for other, label in others.items():
                yield self._line(node, other, label)
        for column in self.columns:
            left = self._left(column[0].column)
            for node in column:
                if not node.is_line:
                    yield self._box(node, left)

    def _line(self, node: Node, other: Node, label: str) -> str:
        start, bend = self._left(node.column) + node.width, self._left(other.column) - BEND
        end, high, low = bend + BEND, self.middle[node], self.middle[other]
        curve = f"C{bend + BEND / 2:.1f} {high:.1f} {bend + BEND / 2:.1f} {low:.1f}"
        path = f"M{start:.1f} {high:.1f}H{bend:.1f}{curve} {end:.1f} {low:.1f}"
        if other.is_line:
            return f'<path d="{path}"/>'
        return f'<path class="arrow" d="{path}"><title>{escape(label)}</title></path>'

    def _box(self, node: Node, left: float) -> str:
        top, size = self.middle[node] - HEIGHT / 2, f'width="{node.width:.1f}" height="{HEIGHT}"'
        x, y = left + node.width / 2, self.middle[node] + 4.5
        box = f'<rect x="{left:.1f}" y="{top:.1f}" {size}/>'
        return f'{box}<text x="{x:.1f}" y="{y:.1f}">{escape(node.stack)}</text>'
