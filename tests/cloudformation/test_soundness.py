"""What CloudFormation refuses of a template as a whole."""

from __future__ import annotations

import pytest

from miztiik_events.cloudformation import soundness, template, template_folder
from miztiik_events.errors import TemplateError

QUEUE = "Resources:\n  Q: {Type: AWS::SQS::Queue}\n"


def refuse(body: str) -> None:
    soundness.refuse(template.parse("a", "a.yaml", body))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "Resources:\n  my-queue:\n    Type: X\n",
            "a.yaml:2: the name my-queue is not alphanumeric",
        ),
        ("Resources:\n  Gr\xfcn: {Type: X}\n", "a.yaml:2: the name Gr\xfcn is not alphanumeric"),
        (QUEUE + "Outputs: {O: {Description: x}}\n", "a.yaml:3: O has no Value"),
        (QUEUE + "Parameters: {P: {Default: x}}\n", "a.yaml:3: P has no Type"),
        (
            QUEUE + "Output: {}\n",
            "a.yaml:3: Output is no section of a template. Did you mean Outputs",
        ),
        (QUEUE + "Globals: {}\n", "a.yaml:3: Globals is no section of a template."),
        (
            "AWSTemplateFormatVersion: 2012-10-17\n" + QUEUE,
            "a.yaml:1: AWSTemplateFormatVersion",
        ),
        (
            "Description: " + "\xe9" * 513 + "\n" + QUEUE,
            "a.yaml:1: Description has more than",
        ),
        (
            "Resources: {" + ",".join(f"Q{n}: {{Type: X}}" for n in range(501)) + "}",
            "a.yaml:1: 501 Resources, and a template takes 500",
        ),
    ],
)
def test_what_is_no_part_of_a_template_is_told_with_its_line(body: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        refuse(body)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize(
    "reference",
    [
        "Properties: {A: !Ref Nope}",
        "Properties: {A: {Ref: Nope}}",
        "Properties: {A: !GetAtt Nope.Arn}",
        "Properties: {A: !GetAtt [Nope, Arn]}",
        "Properties: {A: {Fn::GetAtt: [Nope, Arn]}}",
        'Properties: {A: !Sub "${AWS::Region}-${Nope}"}',
        'Properties: {A: {Fn::Sub: ["${B}-${Nope.Arn}", {B: c}]}}',
        "Properties: {A: !If [Nope, a, b]}",
        "DependsOn: Nope",
        "DependsOn: [Q, Nope]",
        "Condition: Nope",
    ],
)
def test_what_is_not_there_cannot_be_referred_to(reference: str) -> None:
    with pytest.raises(TemplateError) as refused:
        refuse(f"{QUEUE}  R:\n    Type: X\n    {reference}\n")
    assert str(refused.value) == "a.yaml:5: unresolved: the template has no Nope."


@pytest.mark.parametrize(
    "body",
    [
        QUEUE.replace("}", ", Properties: {A: !Ref AWS::NoValue, B: !Sub '${!No}${AWS::Region}'}}"),
        QUEUE + 'Outputs: {O: {Value: !Sub ["${A}${Q.Arn}", {A: !Ref Q}]}}\n',
        "Transform: Mine\nGlobals: {}\n" + QUEUE + "Outputs: {O: {Value: !Ref QRole}}\n",
        "Resources:\n  Q: {Type: My::Own::Thing::MODULE}\n  R: {Type: X, DependsOn: QThing}\n",
        QUEUE.replace("}", ", Properties: {Policy: {Condition: {StringEquals: {a: b}}}}}"),
        QUEUE.replace("}", ", Properties: {Rule: {Condition: a property of theirs}}}"),
        QUEUE + "Metadata: {A: !Ref Nope}\n",
        "Conditions: {A: !Equals [a, b], B: !Not [!Condition A]}\n"
        + QUEUE.replace("}", ", Condition: B}"),
    ],
)
def test_what_cloudformation_may_take_is_not_refused(body: str) -> None:
    refuse(body)


def test_our_own_templates_are_sound() -> None:
    for one in template_folder.load_all():
        soundness.refuse(one)


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("DependsOn: B", "DependsOn: [A]"),
        ("DependsOn: B", "Properties: {C: !GetAtt A.Arn}"),
        ("Properties: {C: [{D: !Sub '${B}'}]}", "Properties: {C: {Ref: A}}"),
        ("Properties: {C: !Ref A}", "DependsOn: A"),
    ],
)
def test_resources_that_need_each_other_are_told(own: str, other: str) -> None:
    with pytest.raises(
        TemplateError, match=r"^a.yaml:\d: circular dependency between resources: A"
    ):
        refuse(f"Resources:\n  A: {{Type: X, {own}}}\n  B: {{Type: X, {other}}}\n")


def test_what_needs_each_other_under_a_condition_only_may_do_so() -> None:
    conditions = "Conditions: {C: !Equals [a, b]}\nResources:\n  A: {Type: X, DependsOn: B}\n"
    refuse(conditions + "  B: {Type: X, Properties: {D: !If [C, !Ref A, x]}}\n")
    refuse(conditions + "  B: {Type: X, Condition: C, DependsOn: A}\n")


def exporter(name: str, export: str, more: str = "") -> template.Template:
    body = f"{QUEUE}Conditions: {{C: !Equals [a, b]}}\nOutputs:\n  O:\n    Value: x\n"
    return template.parse(name, f"{name}.yaml", f"{body}    Export: {{Name: {export}}}\n{more}")


def test_a_name_is_exported_once() -> None:
    with pytest.raises(TemplateError, match=r"^b.yaml:7: a.yaml exports the name vpc, too"):
        soundness.refuse_twins([exporter("a", "vpc"), exporter("b", "vpc")])
    soundness.refuse_twins([exporter("a", "vpc"), exporter("b", "vpc", "    Condition: C\n")])
    own = '!Sub "${AWS::StackName}-vpc"'
    soundness.refuse_twins([exporter("a", own), exporter("b", own), exporter("c", "vpc")])
