import hashlib
from pathlib import Path

from hero_tracing import flow


@flow
def remote_etags(bucket: str, prefix: str) -> dict[str, str]:
    import boto3

    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {item["Key"]: item["ETag"].strip('"') for page in pages for item in page.get("Contents", [])}


@flow(retries=3)
def put(bucket: str, key: str, path: str) -> None:
    import boto3

    boto3.client("s3").upload_file(path, bucket, key)


@flow
def main(folder: str, bucket: str, prefix: str = "") -> list[str]:
    """Uploads new and changed files of a folder to an S3 bucket; unchanged ones are skipped."""
    there = remote_etags(bucket, prefix)
    uploaded = []
    for path in sorted(p for p in Path(folder).rglob("*") if p.is_file()):
        key = prefix + str(path.relative_to(folder))
        if there.get(key) != hashlib.md5(path.read_bytes()).hexdigest():
            put(bucket, key, str(path))
            uploaded.append(key)
    return uploaded
