"""One file describes a whole run; done work is not redone."""
