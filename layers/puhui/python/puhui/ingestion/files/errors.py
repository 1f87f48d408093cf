"""What can go wrong with a partner's file; what is wrong inside one is a code of the file or of a row."""

from puhui.kernel.errors import NotFound


class PartnerFileNotFound(NotFound):
    code = "PARTNER_FILE_NOT_FOUND"
    zh = "没有这个文件。"
    en = "There is no such file."
