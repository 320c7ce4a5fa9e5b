"""CloudFormation deletes no bucket that has objects or versions in it.

MiniStack deletes such a bucket with its stack. On AWS the deletion fails, as DeleteBucket does.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..requirements import require

REFUSAL = (
    "The bucket you tried to delete is not empty. You must delete all versions in the bucket. "
    "(Service: S3, Status Code: 409) (HandlerErrorCode: GeneralServiceException)"
)


def fill() -> None:
    from ministack.services import s3
    from ministack.services.cloudformation import provisioners

    require(s3, "_buckets", "_bucket_has_versions")
    require(provisioners, "_RESOURCE_HANDLERS")
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    delete = handlers["delete"]

    def delete_empty(name: str, properties: Mapping[str, Any]) -> None:
        bucket = s3._buckets.get(name)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(name)):
            raise ValueError(REFUSAL)
        delete(name, properties)

    handlers["delete"] = delete_empty
