from __future__ import annotations

import pytest

from miztiik_events.cloudformation import template
from miztiik_events.cloudformation.local_paths import LocalPath


def paths(properties: str, type_: str) -> tuple[LocalPath, ...]:
    body = f"Resources:\n  A:\n    Type: {type_}\n    Properties: {properties}\n"
    return template.parse("a", "a.yaml", body).local_paths


@pytest.mark.parametrize(
    ("type_", "properties", "form", "kind"),
    [
        ("AWS::CloudFormation::Stack", "{TemplateURL: a/b}", "url", "template"),
        ("AWS::Lambda::Function", "{Code: a/b}", "S3Bucket S3Key", "code"),
        ("AWS::Serverless::Function", "{CodeUri: a/b}", "s3", "code"),
        ("AWS::Glue::Job", "{Command: {ScriptLocation: a/b}}", "s3", "file"),
        ("AWS::ApiGateway::RestApi", "{BodyS3Location: a/b}", "Bucket Key", "file"),
    ],
)
def test_a_path_is_known_with_its_line(type_: str, properties: str, form: str, kind: str) -> None:
    (path,) = paths(properties, type_)
    assert (path.path, path.line, path.form, path.kind) == ("a/b", 4, form, kind)


@pytest.mark.parametrize(
    "code",
    [
        "s3://bucket/key",
        "https://host/key",
        "{S3Bucket: b, S3Key: k}",
        "!Ref Code",
        '!Sub "${Code}"',
        "{{resolve:ssm:/code}}",
        "[a]",
        "1",
        '""',
    ],
)
def test_what_is_no_plain_path_is_left_alone(code: str) -> None:
    assert paths(f"{{Code: '{code}'}}" if "{{" in code else f"{{Code: {code}}}", _FUNCTION) == ()


_FUNCTION = "AWS::Lambda::Function"


def shared(given: str, *resources: str) -> list[tuple[str, str, str]]:
    """The paths of a SAM template with these Globals, in which only these resources are."""
    listed = "".join(f"  R{n}: {{{one}}}\n" for n, one in enumerate(resources))
    body = f"Transform: AWS::Serverless-2016-10-31\nGlobals: {given}\nResources:\n{listed}"
    paths = template.parse("a", "a.yaml", body).local_paths
    return [(path.path, path.form, path.kind) for path in paths]


@pytest.mark.parametrize(
    ("given", "resource", "path"),
    [
        ("{Function: {CodeUri: src}}", "Type: AWS::Serverless::Function", ("src", "s3", "code")),
        ("{Api: {DefinitionUri: a.yaml}}", "Type: AWS::Serverless::Api", ("a.yaml", "s3", "file")),
    ],
)
def test_what_sam_gives_to_all_of_a_kind_is_a_path_too(
    given: str, resource: str, path: tuple[str, str, str]
) -> None:
    assert shared(given, resource) == [path]


@pytest.mark.parametrize(
    "resources",
    [
        ["Type: AWS::Serverless::Function, Properties: {CodeUri: s3://a/b}"],
        ["Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: s3://a/b}"],
        ["Type: AWS::Lambda::Function, Properties: {Code: {S3Bucket: a, S3Key: b}}"],
    ],
)
def test_what_is_given_to_all_of_a_kind_and_nobody_takes_is_no_path(resources: list[str]) -> None:
    assert shared("{Function: {CodeUri: src}}", *resources) == []


def test_another_type_may_have_a_property_of_that_name() -> None:
    assert paths("{Code: a/b}", "AWS::SQS::Queue") == ()


@pytest.mark.parametrize(
    "include",
    [
        "!Transform {Name: AWS::Include, Parameters: {Location: a.yaml}}",
        "{Fn::Transform: {Name: AWS::Include, Parameters: {Location: a.yaml}}}",
        "{B: c, Fn::Transform: {Name: AWS::Include, Parameters: {Location: a.yaml}}}",
    ],
)
def test_an_include_is_found_wherever_it_stands(include: str) -> None:
    assert [path.path for path in paths(include, "AWS::SQS::Queue")] == ["a.yaml"]


def test_what_a_loop_comes_to_has_its_path_once() -> None:
    body = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Names:
    - Name
    - [A, B]
    - Fn${Name}: {Type: AWS::Lambda::Function, Properties: {Code: src}}
"""
    loaded = template.parse("a", "a.yaml", body)
    assert loaded.resources.keys() == {"FnA", "FnB"}
    assert [path.path for path in loaded.local_paths] == ["src"]


@pytest.mark.parametrize("listed", ["{}", "[AWS::LanguageExtensions, {}]"])
def test_an_include_of_the_whole_template_is_found(listed: str) -> None:
    include = listed.replace("{}", "{Name: AWS::Include, Parameters: {Location: a.yaml}}")
    loaded = template.parse("a", "a.yaml", f"Transform: {include}\nResources: {{A: {{Type: X}}}}")
    assert [path.path for path in loaded.local_paths] == ["a.yaml"]
