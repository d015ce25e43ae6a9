"""Puts a table into one comment on the pull request, which the next run replaces: comment.py TABLE.md.

It needs the runner's variables and the job's token, and no package. Where the comment can't be written, as with the
token of a pull request from a fork, which only reads, it says so and the job goes on: the table is in its summary.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

LONGEST = 60_000
"""Characters of a comment; GitHub takes 65,536."""
A_PAGE = 100
PATIENCE = 30.0


def call(method: str, path: str, body: str | None = None) -> Any:
    """Ask GitHub's API about this repository, and return what it answers."""
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/{path}"
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Content-Type": "application/json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    data = None if body is None else json.dumps({"body": body}).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the runner says where its API is
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
        return json.loads(answer.read())


def marker() -> str:
    """Return the hidden line by which the comment is found again: one for each model and set of contenders."""
    given = " ".join(os.environ.get(name, "") for name in ("RUNOFF_MODEL", "RUNOFF_CONTENDERS", "GITHUB_JOB"))
    return f"<!-- runoff: {re.sub(r'[^A-Za-z0-9_.,:@/ ]', '_', given).strip()} -->"


def own_comment(number: int, mark: str) -> int | None:
    """Return the number of the comment that an earlier run wrote; None where there is none.

    Only what a bot wrote counts: anybody can write a comment that begins with the mark, and change it later.
    """
    page = 1
    while comments := call("GET", f"issues/{number}/comments?per_page={A_PAGE}&page={page}"):
        for each in comments:
            if (each["body"] or "").startswith(mark) and (each["user"] or {}).get("type") == "Bot":
                return int(each["id"])
        page += 1
    return None


def main(table: Path) -> int:
    """Write the comment where a pull request is raced; return the exit code."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    if "pull_request" not in event:
        print("no pull request is raced, so there is nothing to comment on")  # noqa: T201 - the job's log
        return 0
    mark, text = marker(), table.read_text(encoding="utf-8")
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n\n… The rest is in the job's summary.\n"
    number, body = int(event["pull_request"]["number"]), f"{mark}\n{text}"
    try:
        known = own_comment(number, mark)
        if known is None:
            call("POST", f"issues/{number}/comments", body)
        else:
            call("PATCH", f"issues/comments/{known}", body)
    except (OSError, ValueError) as error:  # urllib's own errors are of the first kind, what is no JSON of the second
        reason = f"{error.code} {error.reason}" if isinstance(error, urllib.error.HTTPError) else type(error).__name__
        print(  # noqa: T201 - as above
            f"::warning title=Runoff::The comment could not be written ({reason}); the table is in the job's summary. "
            "It needs the permission pull-requests: write, which pull requests from forks do not have"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
