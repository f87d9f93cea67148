"""`reconciler import --confirm`: remove the marks of proposed documents. Sends no request."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from reconciler.cli.context import Context
from reconciler.cli.file_set import write_files
from reconciler.cli.output import deliver_json, print_lines
from reconciler.cli.unfinished import only_import
from reconciler.errors import ReconcilerError
from reconciler.exit_codes import DONE
from reconciler.importing.confirm import to_confirm, without_marks
from reconciler.manifests import files
from reconciler.manifests.documents import Document
from reconciler.manifests.files import FoundFile, SourceFile
from reconciler.manifests.loading import load
from reconciler.rendering.counts import numbered


def confirm(context: Context, wanted: Sequence[str], *, dry_run: bool) -> int:
    """Confirm the documents with these addresses, or `all`, and the management solutions that they need."""
    with nullcontext() if dry_run else only_import(context.root):
        manifests = load(context.root, workspace=context.workspace)
        documents = to_confirm(manifests, wanted)
        by_file: dict[str, list[Document]] = {}
        for each in documents:
            by_file.setdefault(each.origin.file, []).append(each)
        sources = {name: _read(context, name) for name in by_file}
        texts = {name: without_marks(sources[name], group) for name, group in by_file.items()}
        if not dry_run:
            write_files(
                context.root, {context.root / name: sources[name].bom + text.encode() for name, text in texts.items()}
            )
    addresses = [each.address for each in documents]
    if context.json:
        deliver_json({"confirmed": addresses, "files": sorted(texts), "dry_run": dry_run})
    elif not addresses:
        print_lines(["Nothing is proposed, so there is nothing to confirm."])
    else:
        verb = "would be confirmed" if dry_run else "confirmed"
        print_lines([f"{numbered(len(addresses), 'document')} {verb}", *(f"  {address}" for address in addresses)])
    return DONE


def _read(context: Context, name: str) -> SourceFile:
    read = files.read(FoundFile(name, context.root / name))
    if not isinstance(read, SourceFile):
        raise ReconcilerError(read.diagnostic.message, where=name, advice=read.diagnostic.suggestion)
    return read
