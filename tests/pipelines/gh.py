"""A stand-in for GitHub's program `gh`, as a script.

It keeps its data in `forge.json` of the folder $STAND_IN, and records each call there. It refuses what GitHub would
refuse: a missing or unknown token, a permission that the job does not have, a text that is too long. It ends with 70
for a call that it does not know, so that no test passes by accident.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

FOLDER = Path(os.environ["STAND_IN"])
STATE = FOLDER / "forge.json"
LONGEST = 65_536
"""The most characters of a comment or an issue."""
BOT = {"login": "github-actions[bot]"}
FIRST_PAGE, LARGEST_PAGE = 30, 100
OPTIONS = {"per_page", "state"}


class HttpError(Exception):
    def __init__(self, status, message):
        super().__init__(f"gh: {message} (HTTP {status})")


class UnknownError(Exception):
    """The stand-in does not know this call."""


class Call:
    """One request to the API: the state of the forge, the permissions of the token, and what is asked."""

    def __init__(self, state, token, options, fields):
        self.state, self.token, self.options, self.fields = state, token, options, fields

    def need(self, level, *names):
        """Raise if the token has the level for none of these permissions."""
        enough = ("write",) if level == "write" else ("read", "write")
        if not any(self.token.get(name) in enough for name in names):
            raise HttpError(403, "Resource not accessible by integration")

    def need_discussion(self, level, number):
        self.need(level, "issues", *(("pull-requests",) if number in self.state["pulls"] else ()))

    def one(self, table, key):
        if key not in self.state[table]:
            raise HttpError(404, "Not Found")
        return self.state[table][key]

    def text(self, name):
        body = self.fields.pop(name)
        if not body.strip():
            raise HttpError(422, f"Validation Failed: {name} cannot be blank")
        if len(body) > LONGEST:
            raise HttpError(422, f"Validation Failed: {name} is too long (maximum is {LONGEST} characters)")
        return body

    def add(self, table, key, **values):
        number = self.state["next"]
        self.state["next"] += 1
        self.state[table][str(number)] = {key: number, "user": BOT, **values}
        return self.state[table][str(number)]


def run(call, number):
    call.need("read", "actions")
    return call.one("runs", number)


def runs_of_workflow(call, name):
    call.need("read", "actions")
    runs = [each for each in call.state["runs"].values() if each["path"] == f".github/workflows/{name}"]
    return {"total_count": len(runs), "workflow_runs": sorted(runs, key=lambda each: -each["id"])[:LARGEST_PAGE]}


def pulls_of_commit(call, commit):
    call.need("read", "pull-requests")
    call.need("read", "contents")
    return [call.one("pulls", str(number)) for number in call.state["commits"].get(commit, [])]


def pull(call, number):
    call.need("read", "pull-requests")
    return call.one("pulls", number)


def comments(call, number):
    call.need_discussion("read", number)
    return [each for each in call.state["comments"].values() if each["issue"] == int(number)]


def add_comment(call, number):
    call.need_discussion("write", number)
    call.one("pulls" if number in call.state["pulls"] else "issues", number)
    return call.add("comments", "id", issue=int(number), body=call.text("body"))


def edit_comment(call, number):
    comment = call.one("comments", number)
    call.need_discussion("write", str(comment["issue"]))
    comment["body"] = call.text("body")
    return comment


def issues(call):
    call.need("read", "issues")
    wanted = call.options.get("state", "open")
    found = [each for each in call.state["issues"].values() if wanted in ("all", each["state"])]
    return sorted(found, key=lambda each: -each["number"])


def add_issue(call):
    call.need("write", "issues")
    return call.add("issues", "number", state="open", title=call.text("title"), body=call.text("body"))


def edit_issue(call, number):
    call.need("write", "issues")
    issue = call.one("issues", number)
    issue.update({name: call.text(name) for name in ("title", "body", "state") if name in call.fields})
    return issue


ROUTES = (
    ("GET", r"actions/runs/(\d+)", run),
    ("GET", r"actions/workflows/([\w.]+)/runs", runs_of_workflow),
    ("GET", r"commits/([0-9a-f]{40})/pulls", pulls_of_commit),
    ("GET", r"pulls/(\d+)", pull),
    ("GET", r"issues/(\d+)/comments", comments),
    ("POST", r"issues/(\d+)/comments", add_comment),
    ("PATCH", r"issues/comments/(\d+)", edit_comment),
    ("GET", r"issues", issues),
    ("POST", r"issues", add_issue),
    ("PATCH", r"issues/(\d+)", edit_issue),
)


def api(state, token, arguments):
    """Return what `gh api` prints."""
    words, flags, named, fields = list(arguments), set(), {}, {}
    while words:
        word = words.pop(0)
        if word in ("--paginate", "--silent"):
            flags.add(word)
        elif word in ("--method", "--jq"):
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
    found = routed(Call(state, token, options, fields), method, parts.path)
    pages = [found]
    if isinstance(found, list):
        size = int(options.get("per_page", FIRST_PAGE))
        if not 0 < size <= LARGEST_PAGE:
            raise UnknownError("per_page")
        pages = [found[at : at + size] for at in range(0, len(found), size)] or [[]]
        pages = pages if "--paginate" in flags else pages[:1]
    if "--silent" in flags:
        return ""
    return "".join(selected(page, named.get("--jq", ".")) for page in pages)


def read_field(value):
    if not value.startswith("@"):
        raise UnknownError("a --field that is no file")
    return Path(value[1:]).read_text(encoding="utf-8")


def routed(call, method, path):
    start = f"repos/{call.state['repository']}/"
    if not path.startswith(start):
        raise HttpError(404, "Not Found")
    for name, pattern, function in ROUTES:
        matched = re.fullmatch(pattern, path[len(start) :])
        if matched and name == method:
            answer = function(call, *matched.groups())
            if call.fields or call.options.keys() - OPTIONS:
                raise UnknownError(f"{call.fields or call.options}")
            return answer
    raise UnknownError(f"{method} {path}")


def selected(page, query):
    done = subprocess.run(["jq", "-r", query], input=json.dumps(page), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnknownError(f"--jq {query}: {done.stderr}")
    return done.stdout


def download(state, token, arguments):
    """Copy an artifact, as `gh run download` does."""
    Call(state, token, {}, {}).need("read", "actions")
    number, options = arguments[0], dict(zip(arguments[1::2], arguments[2::2], strict=True))
    if options.keys() != {"--repo", "--name", "--dir"} or options["--repo"] != state["repository"]:
        raise UnknownError("these options")
    folder = FOLDER / "artifacts" / number / options["--name"]
    if not folder.is_dir():
        raise HttpError(404, "no valid artifacts found to download")
    shutil.copytree(folder, options["--dir"], dirs_exist_ok=True)
    return ""


def dispatch(state, arguments):
    token = state["tokens"].get(os.environ.get("GH_TOKEN", ""))
    if token is None:
        raise HttpError(401, "Bad credentials")
    if arguments[:1] == ["api"]:
        return api(state, token, arguments[1:])
    if arguments[:2] == ["run", "download"]:
        return download(state, token, arguments[2:])
    raise UnknownError("this command")


def main(arguments):
    """Carry out one call, and return the exit code."""
    state = json.loads(STATE.read_text(encoding="utf-8"))
    state["calls"].append(arguments)
    code = 0
    try:
        sys.stdout.write(dispatch(state, arguments))
    except HttpError as error:
        code = 1
        sys.stderr.write(f"{error}\n")
    except UnknownError as error:
        code = 70
        state["unknown"].append([str(error), arguments])
        sys.stderr.write(f"gh: no stand-in for {error}\n")
    STATE.write_text(json.dumps(state), encoding="utf-8")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
