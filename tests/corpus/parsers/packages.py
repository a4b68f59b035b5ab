"""Writer of zipped documents, for tests of office formats."""

import io
import zipfile


def write_package(members):
    """Return a zip file with these members; `mimetype` is stored as it is."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, compress_type=method)
    return buffer.getvalue()


_NAMES = "office style text table draw presentation meta"
_NAMESPACES = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in _NAMES.split())
_NAMESPACES = _NAMESPACES.replace("xmlns:draw:", "xmlns:drawing:") + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'


def write_open_document(body, kind="text", styles="", automatic="", meta="", manifest=""):
    """Return an OpenDocument file; `body` is the XML inside the element of its kind."""

    def root(name, content):
        return f"<office:{name} {_NAMESPACES}>{content}</office:{name}>"

    content = f"<office:automatic-styles>{automatic}</office:automatic-styles>"
    content += f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    return write_package(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
            "content.xml": root("document-content", content),
            "styles.xml": root("document-styles", f"<office:styles>{styles}</office:styles>"),
            "meta.xml": root("document-meta", f"<office:meta>{meta}</office:meta>"),
        }
    )


def write_flat_open_document(body):
    """Return a flat OpenDocument text."""
    mimetype = 'office:mimetype="application/vnd.oasis.opendocument.text"'
    body = f"<office:body><office:text>{body}</office:text></office:body>"
    return f'<?xml version="1.0"?><office:document {_NAMESPACES} {mimetype}>{body}</office:document>'.encode()
