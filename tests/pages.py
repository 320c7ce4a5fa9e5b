"""The pages of the project as data: their examples, commands, links and tables."""

from __future__ import annotations

import itertools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from miztiik_events.main import COMMANDS

ROOT = Path(__file__).parent.parent
PROGRAM = "miztiik-events"


@dataclass(frozen=True)
class Page:
    """A page of Markdown, `name` from the root on."""

    name: str

    @property
    def path(self) -> Path:
        return ROOT / self.name

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def prose(self) -> str:
        """The page without its blocks of code."""
        return re.sub(r"^ *```.*?^ *```$", "", self.text, flags=re.MULTILINE | re.DOTALL)

    @property
    def blocks(self) -> list[tuple[str, list[str]]]:
        """Each block of code: its language, and its lines."""
        found = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", self.text, re.MULTILINE | re.DOTALL)
        return [(language, body.splitlines()) for language, body in found]

    @property
    def quoted(self) -> list[str]:
        """What stands in backquotes in its sentences and tables."""
        return [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", self.prose)]

    @property
    def anchors(self) -> set[str]:
        """What its headings are linked to by, as GitHub makes it."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w-]", "", one.lower().replace(" ", "-")) for one in headings}

    @property
    def links(self) -> list[str]:
        """The relative ones, pictures among them."""
        targets = re.findall(r"\]\(([^)\s]+)\)", self.prose)
        return [target for target in targets if not target.startswith("https://")]

    @property
    def calls(self) -> Iterator[str]:
        """The command lines of its examples, each with what follows the prompt."""
        for language, lines in self.blocks:
            if language == "console":
                has_prompts = any(line.startswith("$ ") for line in lines)
                yield from (
                    line.removeprefix("$ ")
                    for line in lines
                    if line.startswith("$ ") or not has_prompts
                )
            elif language == "sh":
                yield from (line for line in lines if line.startswith(PROGRAM))

    @property
    def commands(self) -> set[str]:
        """What it says of a command of ours, without the program's name."""
        calls = [call.partition(PROGRAM + " ")[2] for call in self.calls if PROGRAM + " " in call]
        quoted = [
            text.removeprefix(PROGRAM + " ")
            for text in self.quoted
            if text.startswith(PROGRAM + " ") or (text.split()[:1] and text.split()[0] in COMMANDS)
        ]
        return {re.split(r' \||[;)>#"]', text)[0].strip() for text in [*calls, *quoted]}

    def section(self, heading: str) -> str:
        parts = re.split(r"^#{2,3} (.+)$", self.text, flags=re.MULTILINE)
        return parts[parts.index(heading) + 1]

    def table(self, heading: str) -> list[list[str]]:
        """The rows of the section's first table, without its head."""
        lines = itertools.dropwhile(
            lambda line: not line.startswith("|"), self.section(heading).splitlines()
        )
        rows = list(itertools.takewhile(lambda line: line.startswith("|"), lines))[2:]
        return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]

    def links_to(self, target: str) -> bool:
        return target in {target_of(self, link) for link in self.links}


def tracked(*patterns: str) -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [path for path in listing.stdout.splitlines() if (ROOT / path).exists()]


def target_of(page: Page, link: str) -> str:
    """Where the link leads, from the root on; the page itself when it names no file."""
    file = link.partition("#")[0]
    target = (page.path.parent / file).resolve() if file else page.path
    return str(target.relative_to(ROOT))


PAGES = {name: Page(name) for name in tracked("*.md") if not name.startswith(".github")}
README = PAGES["README.md"]
COMMANDS_PAGE = PAGES["docs/commands.md"]
ARCHITECTURE = PAGES["docs/architecture.md"]
