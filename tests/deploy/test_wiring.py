from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miztiik_events.cloudformation import template, template_folder
from miztiik_events.cloudformation.template import Parameter, Template
from miztiik_events.deploy.wiring import Code, Default, Given, Output, missing, refusal, wire
from miztiik_events.errors import TemplateError, UnknownParameterError


def made(name: str, needs: dict[str, str | None], outputs: tuple[str, ...] = ()) -> Template:
    """A template as data; `needs` maps its parameters to their defaults, one to a line."""
    parameters = {
        parameter: Parameter(parameter, "String", default, line)
        for line, (parameter, default) in enumerate(needs.items(), 2)
    }
    lines = {output: line for line, output in enumerate(outputs, 50)}
    return Template(name, f"{name}.yaml", "", parameters, {}, lines)


BUCKET = made("artifacts", {}, ("ArtifactBucket",))


def test_a_parameter_takes_the_output_of_its_name() -> None:
    stream = made("stream", {}, ("StreamArn",))
    reader = made("analytics", {"StreamArn": "unused default"})
    steps = wire([reader, stream], ())
    assert [step.name for step in steps] == ["stream", "analytics"]
    assert steps[1].sources == {"StreamArn": Output("stream")}
    assert steps[1].parents == {"stream"}


def test_a_code_parameter_takes_the_function_of_its_name() -> None:
    producer = made("producer", {"ProducerCode": None, "ArtifactBucket": None})
    step = wire([producer, BUCKET], ["producer"])[1]
    assert step.sources["ProducerCode"] == Code("producer")
    assert step.functions == {"producer"}


def test_a_given_value_goes_before_everything_else() -> None:
    steps = wire(
        [BUCKET, made("a", {"ArtifactBucket": "x", "Size": "3", "Other": "4"})],
        (),
        {"ArtifactBucket": "mine", "Size": "5"},
    )
    sources = {step.name: step.sources for step in steps}["a"]
    assert sources == {
        "ArtifactBucket": Given("mine"),
        "Size": Given("5"),
        "Other": Default(),
    }


def test_a_template_that_hands_on_its_own_parameter_does_not_wait_for_itself() -> None:
    stream = made("stream", {"ShardCount": "2"}, ("ShardCount",))
    analytics = made("analytics", {"ShardCount": None})
    steps = wire([analytics, stream], ())
    assert steps[0].sources == {"ShardCount": Default()}
    assert steps[1].sources == {"ShardCount": Output("stream")}


def test_a_parameter_that_nothing_gives_is_missing_with_file_and_line() -> None:
    (step,) = wire([made("a", {"Size": "1", "Missing": None})], ())
    (parameter,) = missing(step)
    assert str(refusal(step, parameter)).startswith("a.yaml:3: no value for parameter Missing")


def test_a_missing_function_folder_is_named() -> None:
    steps = wire([BUCKET, made("a", {"LostCode": None, "ArtifactBucket": None})], ["other"])
    (parameter,) = missing(steps[1])
    assert "no folder functions/lost" in str(refusal(steps[1], parameter))


def test_code_without_a_bucket_is_found() -> None:
    with pytest.raises(TemplateError, match=r"^a\.yaml:2: .*needs a parameter ArtifactBucket"):
        wire([BUCKET, made("a", {"OneCode": None})], ["one"])


def test_an_output_of_two_templates_matters_to_who_asks_for_it() -> None:
    two = [made("a", {}, ("Name", "Arn")), made("b", {}, ("Arn",))]
    assert len(wire(two, ())) == 2
    asking = made("c", {"Arn": "default"})
    with pytest.raises(TemplateError, match=r"^c\.yaml:2: .* of a\.yaml:51 and b\.yaml:50"):
        wire([*two, asking], ())
    assert wire([*two, asking], (), {"Arn": "x"})[2].sources == {"Arn": Given("x")}


def test_who_hands_an_output_on_is_not_its_origin() -> None:
    network = made("network", {}, ("Vpc",))
    takers = [made("a", {"Vpc": None}, ("Vpc",)), made("b", {"Vpc": None}, ("Vpc",))]
    steps = wire([*takers, network], ())
    assert [step.sources for step in steps[1:]] == [{"Vpc": Output("network")}] * 2
    # Without an origin, a person gives it.
    assert [missing(step)[0].name for step in wire(takers, ())] == ["Vpc", "Vpc"]


def exchange(name: str, exports: str = "", imports: str = "", **defaults: str) -> Template:
    """A template that exports and imports a name, as `nodes.pattern` writes them."""
    declared = made(name, dict(defaults))
    return replace(
        declared,
        exports={exports: 60} if exports else {},
        imports={imports: 61} if imports else {},
    )


@pytest.mark.parametrize(
    ("exported", "imported"),
    [
        ("plain", "plain"),
        ("${AWS::StackName}-Vpc", "p-z-Vpc"),
        ("${AWS::Region}-Vpc", "${AWS::Region}-Vpc"),
        ("p-z-Vpc", "${Network}-Vpc"),
    ],
)
def test_who_imports_comes_after_who_exports(exported: str, imported: str) -> None:
    importer, exporter = exchange("a", imports=imported, Network="p-z"), exchange("z", exported)
    steps = wire([importer, exporter], (), project="p")
    assert [step.name for step in steps] == ["z", "a"]
    assert steps[1].parents == {"z"}


def test_who_reads_an_output_of_a_stack_comes_after_it() -> None:
    steps = wire([exchange("a", imports="stack p-z"), exchange("z")], (), project="p")
    assert [step.name for step in steps] == ["z", "a"]
    # Its own outputs are those of before.
    [own] = wire([exchange("a", imports="stack ${AWS::StackName}")], (), project="p")
    assert own.parents == frozenset()


def test_an_import_whose_name_is_not_known_is_no_edge() -> None:
    steps = wire([exchange("a", imports="${Network}-Vpc"), exchange("z", "${Network}-Vpc")], ())
    assert [step.parents for step in steps] == [frozenset(), frozenset()]


def test_a_value_that_was_given_before_is_the_same_in_both_names() -> None:
    importer, exporter = made("a", {"Env": None}), made("z", {"Env": None})
    steps = wire(
        [
            replace(importer, imports={"${Env}-Vpc": 61}),
            replace(exporter, exports={"${Env}-Vpc": 60}),
        ],
        (),
    )
    assert [step.name for step in steps] == ["z", "a"]


def test_a_cycle_of_exports_is_told_with_the_line_of_the_import() -> None:
    with pytest.raises(TemplateError, match=r"^[ab]\.yaml:61: .* needs an export of"):
        wire([exchange("a", "one", "two"), exchange("b", "two", "one")], ())


def test_an_unknown_parameter_is_told_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownParameterError) as refused:
        wire([made("a", {"Size": "1", "Age": "2"})], (), {"Sise": "5"})
    assert str(refused.value) == "No template has a parameter Sise. Did you mean Size?"
    assert refused.value.exit_code == 2


def test_a_cycle_is_told_as_a_story_with_file_and_line() -> None:
    templates = [
        made("a", {"B": None}, ("A",)),
        made("b", {"Size": "1", "C": None}, ("B",)),
        made("c", {"A": None}, ("C",)),
        made("d", {"A": None}),
    ]
    with pytest.raises(TemplateError) as refused:
        wire(templates, ())
    story = str(refused.value)
    assert "the templates depend on each other in a circle" in story
    assert all(part in story for part in ("a needs B of b", "b needs C of c", "c needs A of a"))
    assert story.startswith(("a.yaml:2: ", "b.yaml:3: ", "c.yaml:2: "))
    assert re.search("Next: give [ABC] with --parameter-overrides, or rename it$", story)


def test_a_circle_may_go_through_the_bucket() -> None:
    nested = "Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: a.yaml}}}"
    root = template.parse("root", "root.yaml", f"{nested}\nOutputs: {{Log: {{Value: x}}}}")
    with pytest.raises(TemplateError, match="root needs ArtifactBucket of store"):
        wire([root, made("store", {"Log": None}, ("ArtifactBucket",))], ())


@given(st.data())
def test_every_step_comes_after_its_parents(data: st.DataObject) -> None:
    names = data.draw(st.permutations([f"t{number}" for number in range(8)]))
    templates = []
    for place, name in enumerate(names):
        needs = data.draw(st.sets(st.sampled_from(names[:place]))) if place else set()
        templates.append(made(name, {f"{need}Out": None for need in needs}, (f"{name}Out",)))
    seen: set[str] = set()
    for step in wire(sorted(templates, key=lambda made: made.name), ()):
        assert step.parents <= seen
        seen.add(step.name)
    assert seen == set(names)


def test_a_cycle_of_real_files_names_their_lines(tmp_path: Path) -> None:
    for name, needs in (("one", "Two"), ("two", "One")):
        body = f"Parameters:\n{indent(f'{needs}: {{Type: String}}', '  ')}\nResources:\n"
        body += f"  R: {{Type: AWS::SNS::Topic}}\nOutputs:\n  {name.title()}: {{Value: x}}\n"
        (tmp_path / f"{name}.yaml").write_text(body)
    with pytest.raises(TemplateError, match=r"/(one|two)\.yaml:2: the templates depend"):
        wire(template_folder.load_all(tmp_path), ())


@pytest.mark.parametrize("folder", ["OrderRouter", "orderrouter", "order-router", "Order_Router"])
def test_a_function_is_found_however_its_name_is_written(folder: str) -> None:
    step = wire([BUCKET, made("a", {"OrderRouterCode": None, "ArtifactBucket": None})], [folder])[1]
    assert step.functions == {folder}


def test_the_folder_that_is_named_exactly_is_taken_and_of_two_others_none() -> None:
    router = made("a", {"OrderRouterCode": None, "ArtifactBucket": None})
    assert wire([BUCKET, router], ["order-router", "OrderRouter"])[1].functions == {"OrderRouter"}
    words = r"^a\.yaml:2: .*functions/order-router and functions/order_router"
    with pytest.raises(TemplateError, match=words):
        wire([BUCKET, router], ["order_router", "order-router"])
