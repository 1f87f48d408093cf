"""Our own rules for templates find what they are for."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GOOD = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters: {Prefix: {Type: String}}
Globals: {Function: {LoggingConfig: {LogGroup: !Ref Logs}}}
Resources:
  GetMeFunction:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: !Sub ${Prefix}-get-me
      Runtime: python3.13
      CodeUri: .
      Handler: app.app
      Policies:
        - Statement:
            - Effect: Allow
              Action: [dynamodb:GetItem]
              Resource: !Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/t
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Sub "/aws/lambda/${Prefix}-members", RetentionInDays: 7}
"""


def findings(template: str, folder: Path) -> set[str]:
    file = folder / "template.yaml"
    file.write_text(template)
    command = [
        str(Path(sys.executable).parent / "cfn-lint"),
        "--append-rules",
        "infra/rules/templates",
        "--format",
        "parseable",
    ]
    done = subprocess.run([*command, "--", str(file)], cwd=ROOT, capture_output=True, text=True, check=False)
    return {rule for rule in ("E9001", "E9002", "E9003") if rule in done.stdout}


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ("", "", None),
        (
            "!Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}",
            "!Sub arn:aws:dynamodb:${AWS::Region}",
            "E9001",
        ),
        ("Globals: {Function: {LoggingConfig: {LogGroup: !Ref Logs}}}", "", "E9002"),
        (", RetentionInDays: 7", "", "E9002"),
        ("[dynamodb:GetItem]", "[dynamodb:*]", "E9003"),
        ("!Sub arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/t", '"*"', "E9003"),
    ],
)
def test_a_rule_finds_its_fault_and_nothing_else(good: str, bad: str, rule: str | None, tmp_path: Path):
    assert findings(GOOD.replace(good, bad) if good else GOOD, tmp_path) == ({rule} if rule else set())
