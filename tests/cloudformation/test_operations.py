from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from miztiik_events.cloudformation import change_sets, stacks, template
from miztiik_events.cloudformation.operations import Operator, still_to_do
from miztiik_events.cloudformation.progress import StackEvent
from miztiik_events.cloudformation.stacks import Stack
from miztiik_events.errors import StackError, StuckError, WaitTimeoutError
from miztiik_events.patience import Patience
from stack_answers import (
    BODY,
    CREATE,
    DESIRED,
    EXECUTE,
    ID,
    NOW,
    READY,
    STUCK,
    TEMPLATE,
    Told,
    events,
    state,
)
from stubs import ANY, Answer, Refusal, stubbed

LIVE = Stack("s", ID, "UPDATE_COMPLETE", "", {"Size": "3", "Age": "9"}, {}, {"project": "p"}, NOW)
GET_TEMPLATE = Answer("get_template", {"TemplateBody": BODY})
DELETE = Answer("delete_stack", {}, {"StackName": ID, "ClientRequestToken": ANY})


def operator(cloudformation: Any, listener: Any = lambda event: None) -> Operator:
    return Operator(cloudformation, Patience(60), listener)


def test_a_stack_as_desired_gets_no_change_set() -> None:
    with stubbed("cloudformation", GET_TEMPLATE) as cloudformation:
        assert operator(cloudformation).apply(DESIRED, LIVE).outcome == "unchanged"


@pytest.mark.parametrize(
    "live",
    [
        replace(LIVE, parameters={"Size": "4", "Age": "9"}),
        replace(LIVE, parameters={"Size": "3", "Age": "9", "Retired": "1"}),
        replace(LIVE, parameters={"Age": "9"}),
        replace(LIVE, tags={"project": "q"}),
    ],
)
def test_another_value_or_tag_is_a_change_without_asking_for_the_template(live: Stack) -> None:
    answers = (
        *(CREATE, READY, events(("s", "UPDATE_COMPLETE")), EXECUTE),
        events(("s", "UPDATE_COMPLETE"), ("s", "UPDATE_IN_PROGRESS"), ("s", "UPDATE_COMPLETE")),
        state("UPDATE_COMPLETE"),
        events(("s", "UPDATE_COMPLETE"), ("s", "UPDATE_IN_PROGRESS"), ("s", "UPDATE_COMPLETE")),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        assert operator(cloudformation).apply(DESIRED, live).outcome == "updated"


@pytest.mark.parametrize(
    ("before", "now", "asked"),
    [
        # It was the default, so it is the default; what somebody gave stays.
        ("9", "60", {"ParameterKey": "Age", "ParameterValue": "60"}),
        ("8", "60", {"ParameterKey": "Age", "UsePreviousValue": True}),
        ("8", "8", None),
    ],
)
def test_a_new_default_holds_unless_somebody_gave_a_value(
    before: str, now: str, asked: dict[str, Any] | None
) -> None:
    def body(default: str) -> str:
        return f"Parameters: {{Age: {{Type: Number, Default: {default}}}}}\n{BODY}"

    desired = replace(DESIRED, template=template.parse("queue", "queue.yaml", body(now)))
    present = Answer("get_template", {"TemplateBody": body(before)})
    with stubbed("cloudformation", present) as cloudformation:
        todo = still_to_do(cloudformation, desired, LIVE)
    assert (todo is None) is (asked is None)
    if todo:
        assert asked in change_sets._request(todo, "UPDATE")["Parameters"]


def test_a_change_that_cloudformation_finds_empty_is_none() -> None:
    failed = {"Status": "FAILED", "StatusReason": "No updates are to be performed."}
    answers = (
        Answer("get_template", {"TemplateBody": "Description: Once.\n" + BODY}),
        *(CREATE, Answer("describe_change_set", failed), Answer("delete_change_set")),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        assert operator(cloudformation).apply(DESIRED, LIVE).outcome == "unchanged"


def test_a_comment_is_no_change() -> None:
    answer = Answer("get_template", {"TemplateBody": BODY + " # a comment"})
    with stubbed("cloudformation", answer) as cloudformation:
        assert operator(cloudformation).apply(DESIRED, LIVE).outcome == "unchanged"


def test_the_state_of_before_is_not_taken_for_the_end() -> None:
    """For a moment after the start CloudFormation still shows the old state and no events."""
    over = events(("s", "UPDATE_COMPLETE"), ("s", "UPDATE_IN_PROGRESS"), ("s", "UPDATE_COMPLETE"))
    answers = (
        *(CREATE, READY, events(("s", "UPDATE_COMPLETE")), EXECUTE),
        *(events(("s", "UPDATE_COMPLETE")), state("UPDATE_COMPLETE")),
        events(("s", "UPDATE_IN_PROGRESS"), ("s", "UPDATE_COMPLETE")),
        *(state("UPDATE_COMPLETE"), over, state("UPDATE_COMPLETE"), over),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        changed = replace(LIVE, parameters={})
        assert operator(cloudformation).apply(DESIRED, changed).outcome == "updated"


def test_a_failed_create_tells_the_cause_and_its_place_although_the_stack_is_gone() -> None:
    happened = (
        ("Queue", "CREATE_FAILED"),
        ("s", "CREATE_IN_PROGRESS"),
        ("s", "REVIEW_IN_PROGRESS"),
    )
    rolled_back = (("s", "ROLLBACK_COMPLETE"), ("s", "ROLLBACK_IN_PROGRESS"), *happened)
    gone = (("s", "DELETE_COMPLETE"), ("s", "DELETE_IN_PROGRESS"), *rolled_back)
    answers = (
        *(CREATE, READY, events(happened[-1]), EXECUTE),
        *(events(*rolled_back), state("DELETE_IN_PROGRESS")),
        *(events(*gone), state("DELETE_COMPLETE"), events(*gone)),
    )
    with stubbed("cloudformation", *answers) as cloudformation, pytest.raises(StackError) as failed:
        operator(cloudformation).apply(DESIRED, None)
    assert str(failed.value).splitlines() == [
        "stack s failed at Queue (AWS::SQS::Queue)",
        "  CREATE_FAILED: denied",
        "  queue.yaml:1",
        "  Next: remove the cause, then deploy again",
    ]


def test_a_stack_that_was_never_created_is_deleted_first_and_it_says_so() -> None:
    told, status = Told(), "ROLLBACK_COMPLETE"
    old, new = ("s", status), ("s", "CREATE_COMPLETE")
    answers = (
        *(events(old), DELETE, events(old)),
        Refusal("describe_stacks", "ValidationError", "Stack with id s does not exist"),
        *(events(("s", "DELETE_COMPLETE"), old), CREATE, READY),
        *(events(("s", "REVIEW_IN_PROGRESS")), EXECUTE),
        *(events(new, old), state("CREATE_COMPLETE"), events(new, old)),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        applied = operator(cloudformation, told).apply(DESIRED, replace(LIVE, status=status))
    assert applied.outcome == "created"
    assert told.notes == [f"was never created ({status}): deleting it first"]


def test_a_shell_that_somebody_else_may_be_about_to_fill_is_created_and_not_deleted() -> None:
    old, new = ("s", "REVIEW_IN_PROGRESS"), ("s", "CREATE_COMPLETE")
    answers = (
        *(CREATE, READY, events(old), EXECUTE),
        *(events(new, old), state("CREATE_COMPLETE"), events(new, old)),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        applied = operator(cloudformation).apply(DESIRED, replace(LIVE, status=old[1]))
    assert applied.outcome == "created"


def test_a_stack_that_somebody_else_changes_is_waited_for() -> None:
    told = Told()
    begun = (("s", "UPDATE_IN_PROGRESS"),)
    later = (("s", "UPDATE_ROLLBACK_FAILED"), ("Queue", "UPDATE_FAILED"), *begun)
    answers = (
        *(events(*begun), events(*begun), state("UPDATE_IN_PROGRESS")),
        *(events(*later), state("UPDATE_ROLLBACK_FAILED"), events(*later), STUCK),
    )
    busy = replace(LIVE, status="UPDATE_IN_PROGRESS")
    with stubbed("cloudformation", *answers) as cloudformation, pytest.raises(StuckError) as failed:
        operator(cloudformation, told).apply(DESIRED, busy)
    assert told.notes == ["is already in UPDATE_IN_PROGRESS; waiting for it to finish"]
    assert [event.resource for event in told if isinstance(event, StackEvent)] == ["Queue", "s"]
    assert failed.value.exit_code == 4
    assert "Queue (UPDATE_FAILED: denied)" in str(failed.value)
    assert "miztiik-events deploy --recover" in str(failed.value)


def test_waiting_for_somebody_else_has_a_limit_of_its_own() -> None:
    begun = events(("s", "UPDATE_IN_PROGRESS"))
    answers = (begun, begun, state("UPDATE_IN_PROGRESS"))
    busy = replace(LIVE, status="UPDATE_IN_PROGRESS")
    with stubbed("cloudformation", *answers) as cloudformation, pytest.raises(WaitTimeoutError):
        Operator(cloudformation, Patience(60), Told(), wait=0).apply(DESIRED, busy)


def test_a_rollback_that_failed_is_taken_up_again_without_what_is_skipped() -> None:
    told, before = Told(), (("s", "UPDATE_ROLLBACK_FAILED"),)
    after = (("s", "UPDATE_ROLLBACK_COMPLETE"), ("s", "UPDATE_ROLLBACK_IN_PROGRESS"), *before)
    asked = {"StackName": ID, "ResourcesToSkip": ["Queue"], "ClientRequestToken": ANY}
    answers = (
        *(events(*before), STUCK, Answer("continue_update_rollback", {}, asked)),
        *(events(*after), state("UPDATE_ROLLBACK_COMPLETE"), events(*after)),
    )
    stuck = replace(LIVE, status="UPDATE_ROLLBACK_FAILED")
    skip = frozenset({"Queue", "OfAnotherStack"})
    # The stack as `state` describes it has neither parameters nor tags.
    desired = replace(DESIRED, parameters={}, kept=frozenset(), tags={})
    with stubbed("cloudformation", *answers, GET_TEMPLATE) as cloudformation:
        recovering = Operator(cloudformation, Patience(60), told, recovers=True, skip=skip)
        assert recovering.apply(desired, stuck).outcome == "unchanged"
    assert "continuing the rollback" in told.notes[0]


def test_an_update_that_somebody_left_failed_is_rolled_back_and_never_deleted() -> None:
    told, before = Told(), (("s", "UPDATE_FAILED"),)
    after = (("s", "UPDATE_ROLLBACK_COMPLETE"), ("s", "UPDATE_ROLLBACK_IN_PROGRESS"), *before)
    asked = {"StackName": ID, "ClientRequestToken": ANY}
    answers = (
        *(events(*before), Answer("rollback_stack", {}, asked)),
        *(events(*after), state("UPDATE_ROLLBACK_COMPLETE"), events(*after)),
    )
    left = replace(LIVE, status="UPDATE_FAILED")
    with stubbed("cloudformation", STUCK) as cloudformation, pytest.raises(StuckError) as stuck:
        operator(cloudformation).apply(DESIRED, left)
    assert "miztiik-events deploy --recover, which rolls it back first" in str(stuck.value)
    desired = replace(DESIRED, parameters={}, kept=frozenset(), tags={})
    with stubbed("cloudformation", *answers, GET_TEMPLATE) as cloudformation:
        recovering = Operator(cloudformation, Patience(60), told, recovers=True)
        assert recovering.apply(desired, left).outcome == "unchanged"
    assert told.notes[0] == "is UPDATE_FAILED: rolling it back"


@pytest.mark.parametrize(
    ("status", "advises_deletion"),
    [("CREATE_FAILED", False), ("ROLLBACK_FAILED", True), ("IMPORT_ROLLBACK_FAILED", False)],
)
def test_only_what_cannot_be_rolled_back_is_to_be_deleted(
    status: str, advises_deletion: bool
) -> None:
    with stubbed("cloudformation", STUCK) as cloudformation, pytest.raises(StuckError) as stuck:
        operator(cloudformation).apply(DESIRED, replace(LIVE, status=status))
    assert ("delete-stack" in str(stuck.value)) is advises_deletion


def test_a_rollback_that_fails_again_tells_what_failed() -> None:
    before = (("s", "UPDATE_ROLLBACK_FAILED"),)
    begun = (("Queue", "UPDATE_FAILED"), ("s", "UPDATE_ROLLBACK_IN_PROGRESS"), *before)
    after = (("s", "UPDATE_ROLLBACK_FAILED"), *begun)
    answers = (
        *(events(*before), STUCK, Answer("continue_update_rollback")),
        *(events(*after), state("UPDATE_ROLLBACK_FAILED"), events(*after)),
    )
    stuck = replace(LIVE, status="UPDATE_ROLLBACK_FAILED")
    with stubbed("cloudformation", *answers) as cloudformation, pytest.raises(StackError) as failed:
        Operator(cloudformation, Patience(60), Told(), recovers=True).apply(DESIRED, stuck)
    assert "at Queue (AWS::SQS::Queue)\n  UPDATE_FAILED: denied" in str(failed.value)


def test_express_is_asked_for_and_refused_when_something_would_be_replaced() -> None:
    with stubbed("cloudformation") as client:
        parameters = client.meta.service_model.operation_model("CreateChangeSet").input_shape
    if "DeploymentConfig" not in parameters.members:
        pytest.skip("this botocore does not know it")
    change = {
        "Action": "Modify",
        "LogicalResourceId": "Queue",
        "ResourceType": "AWS::SQS::Queue",
        "Replacement": "True",
    }
    ready = {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": change}]}
    answers = (CREATE, READY, Answer("describe_change_set", ready), Answer("delete_change_set"))
    express = replace(DESIRED, is_express=True)
    with stubbed("cloudformation", *answers) as cloudformation, pytest.raises(StackError) as failed:
        operator(cloudformation).apply(express, replace(LIVE, parameters={}))
    assert "--express is refused: it would replace Queue" in str(failed.value)


@pytest.mark.parametrize(("wanted", "is_protected"), [(True, False), (False, True)])
def test_termination_protection_is_switched(wanted: bool, is_protected: bool) -> None:
    asked = {"StackName": ID, "EnableTerminationProtection": wanted}
    answer = Answer("update_termination_protection", {}, asked)
    with stubbed("cloudformation", answer) as cloudformation:
        operator(cloudformation).protect(replace(LIVE, is_protected=is_protected), wanted)


@pytest.mark.parametrize(("wanted", "is_protected"), [(None, True), (None, False), (True, True)])
def test_termination_protection_stays_as_it_is(wanted: bool | None, is_protected: bool) -> None:
    with stubbed("cloudformation") as cloudformation:
        operator(cloudformation).protect(replace(LIVE, is_protected=is_protected), wanted)


def test_a_deletion_is_done_as_the_role() -> None:
    role = "arn:aws:iam::111122223333:role/deployer"
    asked = {"StackName": ID, "ClientRequestToken": ANY, "RoleARN": role}
    before, gone = ("s", "CREATE_COMPLETE"), (("s", "DELETE_COMPLETE"), ("s", "CREATE_COMPLETE"))
    answers = (
        *(events(before), Answer("delete_stack", {}, asked)),
        *(events(*gone), state("DELETE_COMPLETE"), events(*gone)),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        Operator(cloudformation, Patience(60), Told(), role_arn=role).delete(LIVE)


def test_a_deletion_that_fails_tells_the_cause() -> None:
    before = ("s", "CREATE_COMPLETE")
    after = (("s", "DELETE_FAILED"), ("Bucket", "DELETE_FAILED"), before)
    answers = (
        *(events(before), DELETE),
        *(events(*after), state("DELETE_FAILED"), events(*after)),
    )
    with stubbed("cloudformation", *answers) as cloudformation:
        deleting = operator(cloudformation)
        with pytest.raises(
            StackError, match=r"stack s failed at Bucket.*\n  DELETE_FAILED: denied"
        ):
            deleting.delete(LIVE)


def test_a_failed_update_is_rolled_back_and_told(local_aws: Any) -> None:
    cloudformation = local_aws.client("cloudformation")
    failing = (
        "Resources:\n  Queue: {Type: AWS::SQS::Queue}\n"
        "  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}\n"
        "  Signal:\n    Type: AWS::CloudFormation::WaitCondition\n"
        "    Properties: {Handle: !Ref Handle, Timeout: '1'}\n"
    )
    desired = replace(DESIRED, stack="operations-update", parameters={}, kept=frozenset())
    operator(cloudformation).apply(desired, None)
    lines = {"Queue": 2, "Handle": 3, "Signal": 4}
    broken = replace(desired, template=replace(TEMPLATE, body=failing, resources=lines))
    live = stacks.describe(cloudformation, "operations-update")
    with pytest.raises(StackError) as failed:
        operator(cloudformation).apply(broken, live)
    assert failed.value.place == "queue.yaml:4"
    assert failed.value.resource == "Signal (AWS::CloudFormation::WaitCondition)"
    after = stacks.describe(cloudformation, "operations-update")
    assert after
    assert after.status == "UPDATE_ROLLBACK_COMPLETE"
    assert operator(cloudformation).apply(desired, after).outcome == "unchanged"
