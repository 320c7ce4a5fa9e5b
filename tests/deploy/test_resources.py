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
      E: !Sub "${Size}-${Queue}", F: {"Fn::If": [X, 1, 2]}, G: !Sub ["${a}", {a: 1}], H: [on, 07]}
"""


def test_references_are_what_they_refer_to_and_the_rest_is_unknown() -> None:
    declared = template.parse("a", "a.yaml", TEXT)
    values = {**resources.defaults(declared), "Given": "x"}
    assert resources.defaults(declared) == {"Size": "3"}
    read = resources.data(declared, values, "?")["Resources"]["Queue"]["Properties"]
    known = {"A": "3", "B": "x", "C": "3-x", "D": ["?"], "H": ["on", "07"]}
    assert read == {**known, "E": "?", "F": "?", "G": "?"}
