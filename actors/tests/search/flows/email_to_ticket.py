import email
import email.policy
import json
import urllib.request

from hero_tracing import flow


@flow
def create_issue(project: str, title: str, text: str, reporter: str) -> str:
    fields = {"project": {"key": project}, "summary": title, "description": f"{reporter} wrote:\n{text}"}
    body = json.dumps({"fields": {**fields, "issuetype": {"name": "Task"}}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Basic {flow.secret('JIRA_AUTH')}"}
    request = urllib.request.Request("https://example.atlassian.net/rest/api/2/issue", body, headers)
    return json.load(urllib.request.urlopen(request))["key"]


@flow(secrets=["JIRA_AUTH"])
def main(raw_message: str, project: str = "SUP") -> str:
    """Opens a Jira issue from an e-mail that a customer sent, and returns the issue's key."""
    message = email.message_from_string(raw_message, policy=email.policy.default)
    part = message.get_body(("plain", "html"))
    text = part.get_content() if part else ""
    return create_issue(project, message["Subject"] or "(no subject)", text, message["From"])
