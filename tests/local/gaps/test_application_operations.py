"""The operations of Managed Flink applications, and how they went."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

import small_roles
from shared_aws import TestAws
from small_roles import allow
from waiting import until

Operation = dict[str, Any]


@dataclass(frozen=True)
class Application:
    """An application whose code is not there, so that it never comes to run."""

    aws: TestAws
    name: str

    @property
    def flink(self) -> Any:
        return self.aws.client("kinesisanalyticsv2")

    def summary(self) -> dict[str, Any]:
        applications = self.flink.list_applications()["ApplicationSummaries"]
        (found,) = (one for one in applications if one["ApplicationName"] == self.name)
        return dict(found)

    def operations(self, **narrowed: Any) -> list[Operation]:
        answer = self.flink.list_application_operations(ApplicationName=self.name, **narrowed)
        operations: list[Operation] = answer["ApplicationOperationInfoList"]
        return operations

    def details(self, operation_id: str) -> Operation:
        names = {"ApplicationName": self.name, "OperationId": operation_id}
        answer = self.flink.describe_application_operation(**names)
        details: Operation = answer["ApplicationOperationInfoDetails"]
        return details

    def update(self) -> str:
        """The id of an operation that succeeds at once, for the application does not run."""
        version = self.summary()["ApplicationVersionId"]
        names = {"ApplicationName": self.name, "CurrentApplicationVersionId": version}
        return str(self.flink.update_application(**names)["OperationId"])

    def start_in_vain(self) -> str:
        """The id of an operation that fails."""
        answer = self.flink.start_application(ApplicationName=self.name, RunConfiguration={})
        until(lambda: self.summary()["ApplicationStatus"] == "READY")
        return str(answer["OperationId"])


@pytest.fixture
def application(local_aws: TestAws) -> Application:
    name = f"application-{uuid.uuid4()}"
    local_aws.client("s3").create_bucket(Bucket=name)
    location = {"BucketARN": f"arn:aws:s3:::{name}", "FileKey": "no-code.zip"}
    code = {"CodeContentType": "ZIPFILE", "CodeContent": {"S3ContentLocation": location}}
    application = Application(local_aws, name)
    application.flink.create_application(
        ApplicationName=name,
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole=small_roles.create(local_aws, allow("s3:*", "*")).arn,
        ApplicationConfiguration={"ApplicationCodeConfiguration": code},
    )
    return application


def ids(operations: list[Operation]) -> list[str]:
    return [operation["OperationId"] for operation in operations]


def test_an_application_is_in_the_list_of_applications(application: Application) -> None:
    arn = f"arn:aws:kinesisanalytics:{small_roles.ARN}:application/{application.name}"
    assert application.summary() == {
        "ApplicationName": application.name,
        "ApplicationARN": arn,
        "ApplicationStatus": "READY",
        "ApplicationVersionId": 1,
        "RuntimeEnvironment": "FLINK-1_20",
        "ApplicationMode": "STREAMING",
    }


def test_a_start_without_code_is_an_operation_that_tells_why_it_failed(
    application: Application,
) -> None:
    began = time.time()
    operation_id = application.start_in_vain()
    (operation,) = application.operations()
    assert operation["OperationId"] == operation_id
    assert operation["Operation"] == "StartApplication"
    assert operation["OperationStatus"] == "FAILED"
    assert began - 1 <= operation["StartTime"].timestamp() <= operation["EndTime"].timestamp()
    details = application.details(operation_id)
    assert details["OperationStatus"] == "FAILED"
    assert "NoSuchKey" in details["OperationFailureDetails"]["ErrorInfo"]["ErrorString"]


def test_an_operation_that_succeeds_has_no_cause_of_failure(application: Application) -> None:
    details = application.details(application.update())
    assert details["Operation"] == "UpdateApplication"
    assert details["OperationStatus"] == "SUCCESSFUL"
    assert "OperationFailureDetails" not in details


def test_the_newest_operation_comes_first(application: Application) -> None:
    assert application.operations() == []
    updates = [application.update() for _ in range(3)]
    assert ids(application.operations()) == updates[::-1]


def test_a_list_is_no_longer_than_its_limit(application: Application) -> None:
    updates = [application.update() for _ in range(3)]
    assert ids(application.operations(Limit=2)) == [updates[2], updates[1]]


def test_a_list_is_of_the_wanted_kind_and_status_alone(application: Application) -> None:
    start, update = application.start_in_vain(), application.update()
    assert ids(application.operations(Operation="StartApplication")) == [start]
    assert ids(application.operations(OperationStatus="SUCCESSFUL")) == [update]
    assert ids(application.operations(Operation="StartApplication", Limit=1)) == [start]


def test_what_was_refused_is_no_operation(application: Application) -> None:
    with pytest.raises(application.flink.exceptions.ResourceInUseException):
        application.flink.stop_application(ApplicationName=application.name)
    assert application.operations() == []


def test_unknown_names_are_refused(application: Application) -> None:
    unknown = application.flink.exceptions.ResourceNotFoundException
    with pytest.raises(unknown):
        application.details("no-operation")
    with pytest.raises(unknown):
        application.flink.list_application_operations(ApplicationName="no-application")
