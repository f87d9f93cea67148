"""Answer a shell: read the words that it gives, and print the candidates in the form that its script reads.

The first line of an answer says what the script does: `files` or `folders` for paths, and `nospace` if a candidate is
not finished. Then each candidate has a line. For zsh and fish, a tab and its description follow.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from reconciler.cli.completing.engine import Reply, complete, table
from reconciler.cli.completing.sources import values_of
from reconciler.cli.completing.words import Word, quoted, words_of

VARIABLE: Final = "_RECONCILER_COMPLETE"
SHELLS: Final = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    """Return the script that makes a shell complete our command lines."""
    return Path(__file__).with_name("scripts").joinpath(f"reconciler.{shell}").read_text(encoding="utf-8")


def main(environ: Mapping[str, str], argv: Sequence[str]) -> None:
    """Print the answer for a shell. An error leaves the answer empty, because a message would tear the command line."""
    try:
        text = "".join(f"{line}\n" for line in answer(environ, argv))
    except Exception:  # noqa: BLE001 - see above; the same words give the error when the command runs
        text = "\n"
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))
    sys.stdout.flush()


def answer(environ: Mapping[str, str], argv: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the answer. zsh and fish give the words as arguments, and bash gives its line."""
    commands = table()
    if environ[VARIABLE] != "bash":
        words = [*argv[:-1], words_of(argv[-1], "")[-1].text] if argv else [""]  # the last one still has its quotes
        reply = complete(words, commands, values_of(commands))
        yield _first_line(reply)
        for each in reply.candidates:
            if each.text.isprintable():
                yield f"{each.text}\t{_printable(each.help)}"
        return
    *before, last = _typed(environ)
    if last.redirected:
        reply = Reply(paths="files")
    else:
        reply = complete([*(each.text for each in before), last.text], commands, values_of(commands))
    yield _first_line(reply)
    for each in reply.candidates:
        text = quoted(each.text[last.start :], last.quote) if each.text.isprintable() else None
        if text is not None:
            yield text


def _typed(environ: Mapping[str, str]) -> list[Word]:
    """Return the words behind the program's name, up to the cursor. bash counts its place in bytes.

    Of the files of redirections, only the one at the cursor is among them.
    """
    line = environ["COMP_LINE"].encode(errors="surrogateescape")[: int(environ["COMP_POINT"])]
    *before, last = words_of(line.decode(errors="replace"), environ.get("COMP_WORDBREAKS", ""))
    words = [*(each for each in before if not each.redirected), last]
    program = next((place for place, word in enumerate(words) if "=" not in word.text.partition("/")[0]), 0)
    return words[program + 1 :] or [Word("")]


def _first_line(reply: Reply) -> str:
    unfinished = any(each.unfinished for each in reply.candidates)
    return " ".join(filter(None, [reply.paths, "nospace" if unfinished else ""]))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
