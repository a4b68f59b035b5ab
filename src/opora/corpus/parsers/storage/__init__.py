"""Storage that document formats are built on: zip archives, OLE2 files, XML; and programs that read the rest."""
