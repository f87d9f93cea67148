"""A stand-in for GitLab's program `glab`, as a script.

It keeps its data in `forge.json` of the folder $STAND_IN, and records each call there. It prints and ends as `glab api`
1.53 does: pages one after the other, the body of an error on standard output, and exit code 1. It refuses what GitLab
would refuse, and ends with 70 for a call that it does not know.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

FOLDER = Path(os.environ["STAND_IN"])
STATE = FOLDER / "forge.json"
LONGEST = 1_000_000
"""The most characters of a note or a description."""
FIRST_PAGE, LARGEST_PAGE = 20, 100
BOT = {"id": 7, "username": "project_1_bot"}
QUICK_ACTION = re.compile(r"^/\w+", re.MULTILINE)
"""A line that GitLab would carry out, such as `/close`."""


class HttpError(Exception):
    def __init__(self, status, message):
        super().__init__(f"{message} (HTTP {status})")
        self.body = json.dumps({"message": f"{status} {message}"})


class UnknownError(Exception):
    """The stand-in does not know this call."""


class Call:
    """One request to the API."""

    def __init__(self, state, options, fields):
        self.state, self.options, self.fields = state, options, fields

    def one(self, table, key):
        if key not in self.state[table]:
            raise HttpError(404, "Not found")
        return self.state[table][key]

    def text(self, name):
        body = self.fields.pop(name)
        if not body.strip():
            raise HttpError(400, f"{name} is missing")
        if len(body) > LONGEST:
            raise HttpError(400, f"{name} is too long")
        if name != "title" and QUICK_ACTION.search(outside_of_code(body)):
            raise UnknownError("a quick action")
        return body

    def given(self, *names):
        """Return the named options, each removed from those that are left."""
        return [self.options.pop(name, "") for name in names]

    def number(self):
        self.state["next"] += 1
        return self.state["next"] - 1


def outside_of_code(body):
    return re.sub(r"^(`{3,}|~{3,}).*?^\1", "", body, flags=re.MULTILINE | re.DOTALL)


def user(call):
    return BOT


def request(call, number):
    return call.one("pulls", number)


def notes(call, kind, number):
    call.one("pulls" if kind == "merge_requests" else "issues", number)
    (sort,) = call.given("sort")
    found = [each for each in call.state["comments"].values() if each["on"] == [kind, number]]
    if sort != "asc":
        raise UnknownError("another order")
    return found


def add_note(call, kind, number):
    call.one("pulls" if kind == "merge_requests" else "issues", number)
    identity = call.number()
    note = {"id": identity, "on": [kind, number], "author": BOT, "body": call.text("body")}
    call.state["comments"][str(identity)] = note
    return note


def edit_note(call, kind, number, identity):
    note = call.one("comments", identity)
    if note["on"] != [kind, number]:
        raise HttpError(404, "Not found")
    if note["author"]["id"] != BOT["id"]:
        raise HttpError(403, "Forbidden")
    note["body"] = call.text("body")
    return note


def requests_of_commit(call, commit):
    return [call.one("pulls", str(number)) for number in call.state["commits"].get(commit, [])]


def job(call, number):
    return call.one("jobs", number)


def artifact(call, number, path):
    call.one("jobs", number)
    file = FOLDER / "artifacts" / number / path
    if not file.is_file():
        raise HttpError(404, "Not found")
    return file.read_bytes()


def issues(call):
    state, author, scope = call.given("state", "author_id", "scope")
    if (state, scope) != ("opened", "all"):
        raise UnknownError("other issues")
    found = [each for each in call.state["issues"].values() if each["state"] == state]
    return [each for each in found if str(each["author"]["id"]) == author]


def add_issue(call):
    number = call.number()
    issue = {"iid": number, "state": "opened", "author": BOT}
    issue |= {"title": call.text("title"), "description": call.text("description")}
    call.state["issues"][str(number)] = issue
    return issue


def edit_issue(call, number):
    issue = call.one("issues", number)
    if "description" in call.fields:
        issue["description"] = call.text("description")
    if call.fields.pop("state_event", "") == "close":
        issue["state"] = "closed"
    return issue


ROUTES = (
    ("GET", r"user", user),
    ("GET", r"merge_requests/(\d+)", request),
    ("GET", r"(merge_requests|issues)/(\d+)/notes", notes),
    ("POST", r"(merge_requests|issues)/(\d+)/notes", add_note),
    ("PUT", r"(merge_requests|issues)/(\d+)/notes/(\d+)", edit_note),
    ("GET", r"repository/commits/([0-9a-f]{40})/merge_requests", requests_of_commit),
    ("GET", r"jobs/(\d+)", job),
    ("GET", r"jobs/(\d+)/artifacts/([\w./-]+)", artifact),
    ("GET", r"issues", issues),
    ("POST", r"issues", add_issue),
    ("PUT", r"issues/(\d+)", edit_issue),
)


def api(state, arguments):
    """Return what `glab api` prints, as bytes."""
    words, flags, named, fields = list(arguments), set(), {}, {}
    while words:
        word = words.pop(0)
        if word in ("--paginate", "--silent"):
            flags.add(word)
        elif word == "--method":
            named[word] = words.pop(0)
        elif word in ("--field", "--raw-field"):
            name, _, value = words.pop(0).partition("=")
            fields[name] = read_field(value) if word == "--field" else value
        elif word.startswith("-") or "path" in named:
            raise UnknownError(word)
        else:
            named["path"] = word
    method = named.get("--method", "POST" if fields else "GET")
    parts = urlsplit(named["path"])
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    size = int(options.pop("per_page", FIRST_PAGE))
    found = routed(Call(state, options, fields), method, parts.path)
    if isinstance(found, bytes):
        return found
    pages = [found]
    if isinstance(found, list):
        if not 0 < size <= LARGEST_PAGE:
            raise UnknownError("per_page")
        pages = [found[at : at + size] for at in range(0, len(found), size)] or [[]]
        pages = pages if "--paginate" in flags else pages[:1]
    return b"" if "--silent" in flags else b"".join(json.dumps(page).encode() for page in pages)


def read_field(value):
    if not value.startswith("@"):
        raise UnknownError("a --field that is no file")
    return Path(value[1:]).read_text(encoding="utf-8")


def routed(call, method, path):
    project = f"projects/{call.state['project']}/"
    if not path.startswith(project) and path != "user":
        raise HttpError(404, "Project Not Found")
    for name, pattern, function in ROUTES:
        matched = re.fullmatch(pattern, path.removeprefix(project))
        if matched and name == method:
            answer = function(call, *matched.groups())
            if call.fields or call.options:
                raise UnknownError(f"{call.fields or call.options}")
            return answer
    raise UnknownError(f"{method} {path}")


def dispatch(state, arguments):
    if os.environ.get("GITLAB_HOST") != state["url"]:
        raise UnknownError("another host")
    if os.environ.get("GITLAB_TOKEN", "") != state["token"]:
        raise HttpError(401, "Unauthorized")
    if arguments[:1] == ["api"]:
        return api(state, arguments[1:])
    raise UnknownError("this command")


def main(arguments):
    """Carry out one call, and return the exit code."""
    state = json.loads(STATE.read_text(encoding="utf-8"))
    state["calls"].append(arguments)
    code = 0
    try:
        sys.stdout.buffer.write(dispatch(state, arguments))
    except HttpError as error:
        code = 1
        sys.stdout.write(error.body)
        sys.stderr.write(f"glab: {error}\n")
    except UnknownError as error:
        code = 70
        state["unknown"].append([str(error), arguments])
        sys.stderr.write(f"glab: no stand-in for {error}\n")
    STATE.write_text(json.dumps(state), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
