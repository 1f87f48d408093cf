"""The README of every export, in both languages."""

README = """这是您在普惠碳账户中的全部数据。This is everything that is kept of you.

profile.json      您的资料、好友、项目、家庭、余额。Your record, friends, programmes, households, balances.
consents.json     您作过的每一次同意或撤回。Every answer you ever gave about a purpose.
activities.jsonl  您的每一次低碳行为，每行一条 JSON。Your acts, one JSON object a line.
transfers.csv     您的明细账，每条分录一行（RFC 4180，UTF-8）。Your statement, one row a leg.
receipts/         公开日志的收据（C2SP tlog-proof），可离线核验。Receipts of the public log, which anybody can check off line.
revisions/        收据所指条目的内容与打开它的盐。What the entries of the receipts say, and the salt that opens them.
tracks/           仍保存的轨迹（GPX 1.1）。Tracks that are still kept.
photos/           仍保存的照片。Pictures that are still kept.
manifest.json     每个文件的 SHA-256。The SHA-256 of each file.

核验一笔账 To check an entry:
    python -m puhui.verify opening revisions/<id>.json --receipt receipts/<id>.txt --policy policy

最近几分钟的条目可能还没有收据：公开日志先要由见证人签名。
The entries of the last minutes may have no receipt yet: witnesses sign the log first.
任何人凭此文件都能看到您的数据，请妥善保管。Whoever has this file sees your data. Keep it safe.
"""
