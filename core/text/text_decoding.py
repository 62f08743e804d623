"""Text decoding: detects the character set of imported captions and tables."""

from __future__ import annotations

from core.errors import UnusableFile


class NotText(UnusableFile):
    """A file that is no text; `why` says what is wrong with it."""

    code = "not_text"
    sentence = "This file cannot be read: {why}."


def decode_text(data: bytes) -> str:
    """Decode UTF-8, UTF-16 (with or without its mark) or Windows-1252. Raises `NotText`."""
    if not data.strip():
        raise NotText(why="the file is empty")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", errors="replace")
    elif data[1:400:2].count(0) > len(data[1:400:2]) // 2:
        text = data.decode("utf-16-le", errors="replace")
    elif data[0:400:2].count(0) > len(data[0:400:2]) // 2:
        text = data.decode("utf-16-be", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    odd = sum(ord(c) < 32 and c not in "\t\n\r\f" for c in text[:4000])
    if odd > len(text[:4000]) // 50:
        raise NotText(why="it is not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")
