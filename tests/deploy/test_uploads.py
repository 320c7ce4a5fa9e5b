from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from miztiik_events.cloudformation import template, template_folder
from miztiik_events.deploy import bundle, deployment, plan, project, uploads
from miztiik_events.deploy.bundle import Bundle
from miztiik_events.deploy.project import Sources
from miztiik_events.destroy import inventory, teardown
from miztiik_events.errors import TemplateError
from shared_aws import TestAws

CHILD = """\
Parameters: {Name: {Type: String}}
Resources:
  Store: {Type: AWS::S3::Bucket}
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}
Outputs:
  StoreName: {Value: !Ref Store}
"""
ROOT = """\
Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./children/child.yaml
      Parameters: {Name: x}
Outputs:
  StoreName: {Value: !GetAtt Child.Outputs.StoreName}
"""
ARTIFACTS = """\
Resources:
  Bucket: {Type: AWS::S3::Bucket}
Outputs:
  ArtifactBucket: {Value: !Ref Bucket}
"""
LARGE = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n" + "# more\n" * 10_000
REFERENCE = uploads.in_bucket("b", "https://s3")


def written(folder: Path, **files: str) -> Path:
    for name, body in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(body)
    return folder


def made(folder: Path, body: str) -> uploads.Uploads:
    return uploads.of(template.load(written(folder, root=body) / "root.yaml"), REFERENCE)


def test_the_key_of_a_nested_template_can_be_part_of_a_url(tmp_path: Path) -> None:
    written(tmp_path, child=CHILD)
    (tmp_path / "child.yaml").rename(tmp_path / "my ch\xefld#1.yaml")
    (key,) = made(tmp_path, ROOT.replace("children/child", "my ch\xefld#1")).objects
    assert key.startswith("templates/my-ch-ld-1/")


def test_every_form_of_a_local_path_becomes_a_place_in_the_bucket(tmp_path: Path) -> None:
    written(tmp_path, children__child=CHILD)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "handler.py").write_text("handler = print\n")
    (tmp_path / "flow.json").write_text("{}")
    (tmp_path / "snippet.txt").write_text("A: 1\n")
    body = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'children/child.yaml'}}
  Fn: {Type: AWS::Lambda::Function, Properties: {Code: src, Role: r}}
  Sam: {Type: AWS::Serverless::Function, Properties: {CodeUri: src/handler.py}}
  Flow:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      DefinitionS3Location: >-
        flow.json
      RoleArn: r
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: snippet.txt}}
  Far: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://s3/x/y}}
  Made: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x}}}
  Put: {Type: AWS::Serverless::Function, Properties: {CodeUri: !Sub "s3://${B}/k"}}
"""
    packed = made(tmp_path, body)
    root = template.parse("root", "root.yaml", packed.body)
    assert root.local_paths == ()
    child, flow, sam, snippet, code = sorted(packed.objects, key=_by_kind)
    lines = packed.body.splitlines()
    assert f'"https://s3/b/{child}"' in lines[2]
    assert f'Code: {{"S3Bucket": "b", "S3Key": "{code}"}}' in lines[3]
    assert f'CodeUri: "s3://b/{sam}"' in lines[4]
    assert f'DefinitionS3Location: {{"Bucket": "b", "Key": "{flow}"}}' in lines[8]
    assert f'Location: "s3://b/{snippet}"' in packed.body
    assert lines[-3:] == body.splitlines()[-3:]
    assert isinstance(packed.objects[code], Bundle)
    assert isinstance(packed.objects[sam], Bundle)
    assert packed.objects[snippet] == b"A: 1\n"
    assert made(tmp_path, body) == packed


def _by_kind(key: str) -> int:
    return ["templates", "flow", "handler", "snippet", "src"].index(key.split("/")[0])


def test_json_stays_json(tmp_path: Path) -> None:
    written(tmp_path, child=CHILD)
    body = {
        "Description": "\U0001f600",
        "Resources": {
            "A": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": "child.yaml"},
            }
        },
    }
    packed = made(tmp_path, json.dumps(body, indent="\t"))
    (key,) = packed.objects
    body["Resources"]["A"]["Properties"]["TemplateURL"] = f"https://s3/b/{key}"  # type: ignore[index]
    assert json.loads(packed.body) == body


def test_a_nested_template_is_packaged_as_well_and_changes_what_it_is_nested_in(
    tmp_path: Path,
) -> None:
    written(tmp_path, children__child=ROOT, children__children__child=CHILD)
    first = made(tmp_path, ROOT)
    assert len(first.objects) == 2
    written(tmp_path, children__children__child=CHILD + "# changed\n")
    second = made(tmp_path, ROOT)
    assert first.body != second.body
    assert not first.objects.keys() & second.objects.keys()


FUNCTION = """\
Parameters: {Runs: {Type: String}}
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.handler, Runtime: RUNTIME}
  Other:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code-of-another, Handler: app.handler, Runtime: python3.13}
"""


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [
        ("python3.12", "code/requirements.txt for python3.12 on x86_64: "),
        ("nodejs22.x", "code/requirements.txt is not installed: it runs on nodejs22.x"),
        (
            "!Ref Runs",
            "code/requirements.txt is not installed: it runs on what its template leaves open (",
        ),
        (
            "python3.12, Architectures: [!Ref Runs]",
            "not installed: it runs on python3.12 on what its template leaves open (",
        ),
    ],
)
def test_the_requirements_of_a_local_folder_are_installed_or_it_is_said_why_not(
    tmp_path: Path, runtime: str, expected: str
) -> None:
    for name in ("code", "code-of-another"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text("handler = print\n")
    (tmp_path / "code" / "requirements.txt").write_text("idna==3.10\n")
    body = FUNCTION.replace("RUNTIME", runtime)
    declared = template.load(written(tmp_path, root=body) / "root.yaml")
    found = {code.function: code for code in uploads.bundles([declared])}
    assert found.keys() == {"code", "code-of-another"}
    [said] = [text for text in bundle.remarks(found["code"]) if "requirements.txt" in text]
    assert expected in said
    assert (found["code"].packages is not None) == (runtime == "python3.12")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nowhere.yaml", r"root\.yaml:5: there is no nowhere\.yaml beside the template"),
        ("root.yaml", r"root\.yaml:5: root\.yaml is nested in itself"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_its_line(
    tmp_path: Path, url: str, reason: str
) -> None:
    with pytest.raises(TemplateError, match=reason):
        made(tmp_path, ROOT.replace("./children/child.yaml", url))


def test_the_key_does_not_rest_on_what_the_checkout_is_called(tmp_path: Path) -> None:
    body = "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {Code: .}}\n"
    (mine,), (yours,) = (made(tmp_path / name, body).objects for name in ("mine", "yours"))
    assert mine == yours
    assert mine.startswith("root/")


def test_a_folder_without_a_file_is_no_code(tmp_path: Path) -> None:
    (tmp_path / "src" / "__pycache__").mkdir(parents=True)
    body = "Resources:\n  Fn: {Type: AWS::Lambda::Function, Properties: {Code: src}}\n"
    with pytest.raises(TemplateError, match=r"root\.yaml:2: src has no file"):
        made(tmp_path, body)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "flow").mkdir()
    body = """\
Resources:
  Flow:
    Type: AWS::StepFunctions::StateMachine
    Properties: {DefinitionS3Location: flow}
"""
    with pytest.raises(TemplateError, match=r"root\.yaml:4: flow is a folder"):
        made(tmp_path, body)


def test_a_nested_template_is_no_stack_of_its_own(tmp_path: Path) -> None:
    written(tmp_path, root=ROOT.replace("./children/", ""), child=CHILD)
    found = template_folder.read(tmp_path)
    assert [one.name for one in found.templates] == ["root"]
    assert [one.reason for one in found.passed_over] == [f"it is nested in {tmp_path}/root.yaml"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(ROOT, "line 5 names ./children/child.yaml"), (LARGE, "more than the 51,200 bytes")],
)
def test_what_needs_a_bucket_says_so(tmp_path: Path, body: str, reason: str) -> None:
    written(tmp_path, root=body, children__child=CHILD)
    (tmp_path / "functions").mkdir()
    sources = Sources(tmp_path, tmp_path / "functions")
    with pytest.raises(TemplateError, match=reason):
        project.draft("p", None, sources).among([]).refuse_missing()
    given = project.Settings({"ArtifactBucket": "mine"})
    present = project.draft("p", given, sources).among([])
    present.refuse_missing()
    assert present.bucket(present.steps[0], {}) == "mine"


@pytest.fixture
def session(local_aws: TestAws, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", local_aws.endpoint)
    return local_aws.session()


def test_large_and_nested_templates_come_and_go(session: Any, tmp_path: Path) -> None:
    written(tmp_path / "t", root=ROOT, large=LARGE, artifacts=ARTIFACTS, children__child=CHILD)
    (tmp_path / "functions").mkdir()
    draft = project.draft("nest-deploy", None, Sources(tmp_path / "t", tmp_path / "functions"))
    assert [step.name for step in draft.steps] == ["artifacts", "large", "root"]
    outputs = deployment.deploy(session, draft.beside(session))
    # Nothing of it changes, and CloudFormation's answer to the large one is the large one.
    assert not plan.plan(session, draft.beside(session)).has_changes
    written(tmp_path / "t", children__child=CHILD.replace("!Ref Name", "y"))
    (changed,) = [
        one for one in plan.plan(session, draft.beside(session)).stacks if one.fate != "unchanged"
    ]
    assert changed.stack == "nest-deploy-root"
    assert changed.notes == (f"uploaded 1 file to {outputs['ArtifactBucket']} to ask",)
    session.client("s3").put_object(Bucket=outputs["StoreName"], Key="a", Body=b"x")
    held = inventory.take(session, "nest-deploy")
    assert sorted(held.stacks) == [f"nest-deploy-{name}" for name in ("artifacts", "large", "root")]
    teardown.destroy(session, held)
    assert inventory.take(session, "nest-deploy").is_empty
