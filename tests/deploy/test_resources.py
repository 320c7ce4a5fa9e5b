from __future__ import annotations

from miztiik_events.cloudformation import template
from miztiik_events.deploy import resources

TEXT = """\
Parameters:
  Size: {Type: Number, Default: 3}
  Given: {Type: String}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {A: !Ref Size, B: {Ref: Given}, C: !Sub "${Size}-${Given}", D: [!GetAtt X.Y],
      E: !Sub "${Size}-${Queue}", F: {"Fn::If": [X, 1, 2]}, G: !Sub ["${a}", {a: 1}], H: [on, 07],
      I: !Join [-, [!Ref Size, a]], J: {"Fn::Join": ["", [a, !Ref Queue]]}, K: !Join [a]}
"""


def test_references_are_what_they_refer_to_and_the_rest_is_unknown() -> None:
    declared = template.parse("a", "a.yaml", TEXT)
    values = {**resources.defaults(declared), "Given": "x"}
    assert resources.defaults(declared) == {"Size": "3"}
    read = resources.data(declared.body, values, "?")["Resources"]["Queue"]["Properties"]
    known = {"A": "3", "B": "x", "C": "3-x", "D": ["?"], "H": ["on", "07"], "I": "3-a"}
    assert read == {**known, **dict.fromkeys("EFGJK", "?")}


MAPPED = """\
Parameters:
  Stage: {Type: String, Default: prod}
Mappings:
  Runtimes:
    prod: {Python: python3.12, Machines: [arm64]}
    test: {Python: python3.13, Machines: [arm64]}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      A: !FindInMap [Runtimes, prod, Python]
      B: {"Fn::FindInMap": [Runtimes, {Ref: Stage}, Python]}
      C: !FindInMap [Runtimes, !Ref Stage, Machines]
      # Whichever it is, both have the same.
      D: !FindInMap [Runtimes, !Ref AWS::Region, Machines]
      E: !FindInMap [Runtimes, !Ref AWS::Region, Python]
      F: !FindInMap [Runtimes, dev, Python]
      G: !FindInMap [Others, prod, Python]
      H: !FindInMap [Runtimes, dev, Python, {DefaultValue: python3.9}]
      I: !FindInMap Runtimes
"""


def test_what_a_mapping_holds_is_found_as_far_as_the_keys_are_known() -> None:
    declared = template.parse("a", "a.yaml", MAPPED)
    read = resources.data(declared.body, resources.defaults(declared), "?")
    known = {"A": "python3.12", "B": "python3.12", "C": ["arm64"], "D": ["arm64"]}
    unknown = dict.fromkeys("EFGHI", "?")
    assert read["Resources"]["Function"]["Properties"] == {**known, **unknown}
