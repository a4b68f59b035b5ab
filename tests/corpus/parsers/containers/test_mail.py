"""Letters are read with their headers, body and attachments, whatever their encoding."""

import base64
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from opora.corpus.parsers.registry import parse_document

LIMIT = 2**25


def letter(body="The pump is late.", subtype="plain", subject="Срок сдачи", **headers):
    message = EmailMessage()
    for name, value in {"From": "a@example.org", "To": "b@example.org", "Subject": subject, **headers}.items():
        message[name] = value
    message["Message-ID"] = "<1@example.org>"
    message.set_content(body, subtype=subtype)
    return message


def read(message, name="a.eml"):
    data = message if isinstance(message, bytes) else message.as_bytes()
    return parse_document(data, name, LIMIT)


def test_headers_and_body():
    parsed = read(letter("Насос перенесён на 15 мая.", Date="Mon, 01 Sep 2025 10:20:00 +0300"))
    assert parsed.text == (
        "# Срок сдачи\n\nFrom: a@example.org\nTo: b@example.org\nDate: 2025-09-01 10:20\n\nНасос перенесён на 15 мая."
    )
    assert parsed.title == "Срок сдачи"
    assert parsed.metadata == {"sender": "a@example.org", "recipients": "b@example.org", "date": "2025-09-01"}


KEY = "Ключ у завхоза."
HEAD = b"From: a@example.org\r\nMessage-ID: <1@e>\r\nMIME-Version: 1.0\r\nSubject: "


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (HEAD + b"x\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" + KEY.encode("cp1251"), KEY),
        (HEAD + b"x\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n" + KEY.encode(), KEY),
        (HEAD + "Ключ от склада у завхоза".encode("cp1251") + b"\r\n\r\nbody", "# Ключ от склада у завхоза"),
        (HEAD + b"=?windows-1251?B?" + base64.b64encode("Ключ".encode("cp1251")) + b"?=\r\n\r\nbody", "# Ключ"),
        (HEAD + b"=?koi8-r?Q?=EB=CC=C0=DE?=\r\n\r\nbody", "# Ключ"),
        (HEAD + b"x\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64", "# x"),
        (HEAD + b"x\r\nContent-Type: multipart/mixed; boundary=no\r\n\r\nwithout a part", "# x"),
    ],
)  # fmt: skip
def test_encodings_that_lie(data, text):
    assert text in read(data).text


def test_the_html_is_read_if_the_plain_text_only_refers_to_it():
    message = letter("Use another program.")
    message.add_alternative("<p>The pump is late, and the second hall waits until May for it.</p>" * 3, subtype="html")
    assert "The pump is late" in read(message).text
    assert "Use another" not in read(message).text


def test_a_table_is_read_from_the_html():
    message = letter("Pump Flow N-1 6.3")
    table = "<table><tr><td>Pump</td><td>Flow</td></tr><tr><td>N-1</td><td>6.3</td></tr></table>"
    message.add_alternative(f"<html><body>{table}</body></html>", subtype="html")
    assert "| N-1 | 6.3 |" in read(message).text


def test_quoted_history_is_kept_without_its_marks():
    text = read(letter("I agree.\n\n> When does\n>> the ferry leave?")).text
    assert "When does" in text
    assert ">" not in text


def test_attachments_are_parts():
    message = letter()
    message.add_attachment(b"# Duties\n\nText", maintype="text", subtype="markdown", filename="Обязанности.md")
    message.add_attachment(
        b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="logo.png", disposition="inline", cid="<1>"
    )
    message.add_attachment(bytes(range(256)), maintype="application", subtype="octet-stream", filename="a.xyz")
    parts = read(message).parts
    assert [(part.name, part.reason) for part in parts] == [("Обязанности.md", None), ("a.xyz", "unsupported format")]
    assert parts[0].parsed.title == "Duties"


def test_a_letter_in_a_letter_is_a_part():
    message = letter(subject="Outer")
    message.add_attachment(letter("Inner body.", subject="Inner"))
    [part] = read(message).parts
    assert part.name == "Inner.eml"
    assert "Inner body." in part.parsed.text


def test_a_mailbox():
    box = b"".join(
        b"From a@e Mon Sep  1 10:20:00 2025\n" + letter(subject=f"Pump number {n}").as_bytes() + b"\n" for n in range(3)
    )
    parsed = read(box, "a.mbox")
    assert parsed.text == ""
    assert [part.parsed.title for part in parsed.parts] == ["Pump number 0", "Pump number 1", "Pump number 2"]


def test_deep_parts_are_bounded():
    message = MIMEText("text")
    for _ in range(60):
        outer = MIMEMultipart()
        outer.attach(message)
        message = outer
    message["From"], message["Message-ID"] = "a@e", "<1@e>"
    with pytest.raises(Exception, match="nested too deeply"):
        read(message)
