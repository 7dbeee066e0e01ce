from datetime import timedelta

from hero_tracing import ask_user, flow


@flow
def old_keys(user: str, days: int) -> list[str]:
    import boto3

    keys = boto3.client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
    return [key["AccessKeyId"] for key in keys if flow.now() - key["CreateDate"] > timedelta(days=days)]


@flow
def main(users: list[str], days: int = 90) -> list[str]:
    """Replaces AWS access keys that are older than a quarter.

    The old key is only switched off once its owner says that the new one works.
    """
    import boto3

    iam, retired = boto3.client("iam"), []
    for user in users:
        for key in old_keys(user, days):
            iam.create_access_key(UserName=user)
            if ask_user.confirm(f"{user}: does the new key work?", name=f"works_{user}"):
                iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
                retired.append(key)
    return retired
