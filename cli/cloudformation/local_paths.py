"""What a template names by a path on this machine, where CloudFormation takes what is in a bucket.

The places are those of `aws cloudformation package`, as far as a plain path stands in them:
https://docs.aws.amazon.com/cli/latest/reference/cloudformation/package.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from . import nodes

if TYPE_CHECKING:
    from yaml import Node

# How CloudFormation wants to be told: a URL, s3://bucket/key, or an object of these two keys.
Form = Literal["url", "s3", "S3Bucket S3Key", "Bucket Key"]
# A template, code that has to be a zip, or a file as it is.
Kind = Literal["template", "code", "file"]
_PLACES: dict[tuple[str, str], tuple[Form, Kind]] = {
    ("AWS::CloudFormation::Stack", "TemplateURL"): ("url", "template"),
    ("AWS::CloudFormation::StackSet", "TemplateURL"): ("url", "template"),
    ("AWS::Serverless::Application", "Location"): ("url", "template"),
    ("AWS::Lambda::Function", "Code"): ("S3Bucket S3Key", "code"),
    ("AWS::Lambda::LayerVersion", "Content"): ("S3Bucket S3Key", "code"),
    ("AWS::Serverless::Function", "CodeUri"): ("s3", "code"),
    ("AWS::Serverless::LayerVersion", "ContentUri"): ("s3", "code"),
    ("AWS::Serverless::Api", "DefinitionUri"): ("s3", "file"),
    ("AWS::Serverless::HttpApi", "DefinitionUri"): ("s3", "file"),
    ("AWS::Serverless::StateMachine", "DefinitionUri"): ("s3", "file"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"): ("Bucket Key", "file"),
    ("AWS::ApiGateway::RestApi", "BodyS3Location"): ("Bucket Key", "file"),
    ("AWS::ApiGatewayV2::Api", "BodyS3Location"): ("Bucket Key", "file"),
    ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"): ("S3Bucket S3Key", "code"),
    ("AWS::AppSync::GraphQLSchema", "DefinitionS3Location"): ("s3", "file"),
    ("AWS::AppSync::Resolver", "CodeS3Location"): ("s3", "file"),
    ("AWS::AppSync::Resolver", "RequestMappingTemplateS3Location"): ("s3", "file"),
    ("AWS::AppSync::Resolver", "ResponseMappingTemplateS3Location"): ("s3", "file"),
    ("AWS::AppSync::FunctionConfiguration", "CodeS3Location"): ("s3", "file"),
    ("AWS::AppSync::FunctionConfiguration", "RequestMappingTemplateS3Location"): ("s3", "file"),
    ("AWS::AppSync::FunctionConfiguration", "ResponseMappingTemplateS3Location"): ("s3", "file"),
    ("AWS::Glue::Job", "Command.ScriptLocation"): ("s3", "file"),
    ("AWS::CloudFormation::ModuleVersion", "ModulePackage"): ("s3", "code"),
    ("AWS::CloudFormation::ResourceVersion", "SchemaHandlerPackage"): ("s3", "code"),
    ("AWS::CodeCommit::Repository", "Code.S3"): ("Bucket Key", "code"),
}
_SAM = "AWS::Serverless::"
_REMOTE = ("s3://", "http://", "https://", "arn:")
_INCLUDE = "AWS::Include"
_TEXT = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class LocalPath:
    """A path in a template: as it is written, its line, and its place in the text."""

    path: str
    line: int
    start: int
    end: int
    form: Form
    kind: Kind


def within(root: Node, resources: Mapping[str, Node]) -> tuple[LocalPath, ...]:
    """The local paths of the template, in the order of the text."""
    # What a loop comes to stands in the text once.
    found = {*_of_resources(resources), *_of_globals(root, resources), *_of_includes(root)}
    return tuple(sorted(found, key=lambda path: path.start))


def _of_resources(resources: Mapping[str, Node]) -> Iterator[LocalPath]:
    for resource in resources.values():
        attributes = nodes.entries(resource)
        type_ = attributes["Type"].value if "Type" in attributes else ""
        for (wanted, place), (form, kind) in _PLACES.items():
            if type_ == wanted:
                yield from _path(_at(attributes.get("Properties"), place), form, kind)


def _of_globals(root: Node, resources: Mapping[str, Node]) -> Iterator[LocalPath]:
    """What SAM gives to each resource of a kind that has none of its own.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    """
    shared = nodes.entries(nodes.entries(root).get("Globals"))
    everything = [nodes.entries(resource) for resource in resources.values()]
    for (type_, place), (form, kind) in _PLACES.items():
        node = _at(shared.get(type_.rpartition(_SAM)[2]), place) if _SAM in type_ else None
        takers = (one for one in everything if "Type" in one and one["Type"].value == type_)
        if any(_at(one.get("Properties"), place) is None for one in takers):
            yield from _path(node, form, kind)


def _at(node: Node | None, place: str) -> Node | None:
    for key in place.split("."):
        node = nodes.entries(node).get(key)
    return node


def _of_includes(root: Node) -> Iterator[LocalPath]:
    for given in _macros(root):
        macro = nodes.entries(given)
        if "Name" in macro and macro["Name"].value == _INCLUDE:
            yield from _path(nodes.entries(macro.get("Parameters")).get("Location"), "s3", "file")


def _macros(root: Node) -> Iterator[Node | None]:
    """The macros of the whole template, one or a list of them, and those within."""
    import yaml

    whole = nodes.entries(root).get("Transform")
    yield from whole.value if isinstance(whole, yaml.SequenceNode) else [whole]
    for node in nodes.every(root):
        # It may stand beside other entries, which is why it is none of `nodes.call`'s functions.
        yield node if node.tag == "!Transform" else nodes.entries(node).get("Fn::Transform")


def _path(node: Node | None, form: Form, kind: Kind) -> Iterator[LocalPath]:
    if node is None or node.tag != _TEXT or not isinstance(node.value, str):
        return
    text = node.value.strip()
    if text and not text.startswith(_REMOTE) and "{{" not in text:
        start, end = node.start_mark.index, node.end_mark.index
        yield LocalPath(text, nodes.line(node), start, end, form, kind)
