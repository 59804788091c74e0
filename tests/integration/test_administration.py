"""Test the operator's commands over moto: their effects and their JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

import leanpix_cli.account
import leanpix_cli.jobs
import leanpix_cli.key
from leanpix.adapters.dynamodb.callbacks import CallbacksTable
from leanpix.adapters.dynamodb.purse_items import refund_action
from leanpix.adapters.queues import DeadLetters, SqsCallbackQueue
from leanpix.contract import UNLIMITED_TOKENS
from leanpix.domain.ids import hash_api_key
from leanpix.domain.ledger import refund_as_topped_up
from leanpix.domain.tasks import CallbackTask
from leanpix.services.administration import AdministrationError, AdministrationService
from leanpix.services.redrive import RedriveService
from leanpix_cli.commands import app
from leanpix_cli.console import CommandError
from tests.ledger.dynamodb import backend_over
from tests.ledger.fakes import GAIN, NONE, HandClock
from tests.ledger.world import World, upload

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanpix.adapters.dynamodb.jobs import JobsTable
    from tests.integration.conftest import Stack


USAGE_COUNTERS = (
    "images",
    "optimized_images",
    "failed_images",
    "charged_tokens",
    "bytes_in",
    "bytes_out",
)


@dataclass
class FakeGatewayKeys:
    """API Gateway, as far as keys go."""

    by_id: dict[str, tuple[str, str]] = field(default_factory=dict)

    def create(self, api_key: str, *, name: str, plan: str) -> str:
        self.by_id[name] = api_key, plan
        return name

    def move(self, gateway_key_id: str, *, plan: str) -> None:
        self.by_id[gateway_key_id] = self.by_id[gateway_key_id][0], plan

    def delete(self, gateway_key_id: str) -> None:
        self.by_id.pop(gateway_key_id, None)


@dataclass
class FakeTarget:
    """A deployed stack that is moto."""

    stack: Stack
    gateway_keys: FakeGatewayKeys = field(default_factory=FakeGatewayKeys)
    clock: HandClock = field(default_factory=HandClock)
    dead_url: str = ""

    def administration(self) -> AdministrationService:
        return AdministrationService(
            accounts=self.stack.account_records,
            keys=self.stack.key_records,
            gateway_keys=self.gateway_keys,
            clock=self.clock,
        )

    def jobs(self) -> JobsTable:
        return self.stack.jobs

    def redrive(self) -> RedriveService:
        letters = DeadLetters(
            client=self.stack.sqs, dead_letter_url=self.dead_url, url=self.stack.callbacks_url
        )
        return RedriveService(
            images=letters,
            callbacks=letters,
            records=CallbacksTable(client=self.stack.dynamodb, table="jobs"),
            clock=self.clock,
        )


@pytest.fixture
def target(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> FakeTarget:
    """Return the stack that commands find."""
    dead_url = stack.sqs.create_queue(QueueName="dead")["QueueUrl"]
    target = FakeTarget(stack, dead_url=dead_url)
    for module in (leanpix_cli.account, leanpix_cli.key, leanpix_cli.jobs):
        monkeypatch.setattr(module, "open_target", lambda **_: target)
    return target


@pytest.fixture
def run(target: FakeTarget) -> Callable[..., Any]:
    """Run a command and return its JSON."""
    del target

    def run(*words: object) -> Any:
        result = CliRunner().invoke(app, [*map(str, words), "--json"], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    return run


@pytest.fixture
def create(run: Callable[..., Any]) -> Callable[..., Any]:
    """Create an account and return what the command answered."""
    return lambda *words: run(
        "account", "create", "--name", "Ada", "--email", "ada@example.com", *words
    )


class TestAccounts:
    """`leanpix account`."""

    def test_a_new_account_has_its_plans_grant_and_a_key(
        self, create: Any, run: Any, target: FakeTarget
    ) -> None:
        created = create()
        assert set(created) == {"account_id", "api_key"}
        shown = run("account", "show", created["account_id"])
        assert (shown["tokens"], shown["granted_tokens"], shown["plan"]) == (500, 500, "free")
        assert (created["api_key"], "free") in target.gateway_keys.by_id.values()

    def test_tokens_given_are_what_it_begins_with(self, create: Any, run: Any) -> None:
        shown = run("account", "show", create("--tokens", 20)["account_id"])
        assert (shown["tokens"], shown["topped_up_tokens"]) == (20, 20)

    @pytest.mark.parametrize("words", [("--tokens", -1), ("--plan", "unlimited")])
    def test_an_unlimited_account_shows_minus_one(
        self, create: Any, run: Any, words: tuple[object, ...]
    ) -> None:
        shown = run("account", "show", create(*words)["account_id"])
        assert shown["tokens"] == UNLIMITED_TOKENS

    def test_a_top_up_adds_to_what_is_left(self, create: Any, run: Any) -> None:
        account_id = create()["account_id"]
        answer = run("account", "top-up", account_id, 40)
        assert (answer["tokens"], answer["topped_up_tokens"]) == (540, 40)

    @pytest.mark.parametrize(
        "words",
        [
            ("account", "top-up", "acc_none", 1),
            ("account", "take-back", "acc_none", 1),
            ("account", "delete", "acc_none"),
            ("key", "list", "acc_none"),
            ("key", "create", "acc_none"),
            ("key", "revoke", "acc_none", "--all", "--yes"),
        ],
    )
    def test_an_account_that_there_is_not_is_named(
        self, run: Any, words: tuple[object, ...]
    ) -> None:
        with pytest.raises(AdministrationError, match="there is no account acc_none"):
            run(*words)

    def test_what_lies_beside_the_balance_is_listed_with_it(
        self, create: Any, run: Any, stack: Stack
    ) -> None:
        account_id = create("--tokens", 20)["account_id"]
        refund = refund_action("accounts", account_id, refund_as_topped_up(3), number=1)
        stack.dynamodb.transact_write_items(TransactItems=[refund])
        (listed,) = run("account", "list")["accounts"]
        assert listed["tokens"] == run("account", "show", account_id)["tokens"] == 23

    def test_accounts_are_listed_by_name(self, create: Any, run: Any) -> None:
        create()
        create("--name", "Abe")
        assert [each["name"] for each in run("account", "list")["accounts"]] == ["Abe", "Ada"]

    def test_a_top_up_is_taken_back_as_far_as_it_is_unspent(self, create: Any, run: Any) -> None:
        account_id = create()["account_id"]
        run("account", "top-up", account_id, 40)
        answer = run("account", "take-back", account_id, 30)
        assert (answer["tokens"], answer["topped_up_tokens"]) == (510, 10)
        assert run("account", "show", account_id)["given_total"] == 510
        run("account", "take-back", account_id, 10)
        with pytest.raises(AdministrationError, match="only 0 topped-up tokens"):
            run("account", "take-back", account_id, 1)

    @pytest.mark.parametrize("tokens", [0, -1])
    def test_no_less_than_one_token_is_taken_back(
        self, create: Any, target: FakeTarget, tokens: int
    ) -> None:
        account_id = create()["account_id"]
        with pytest.raises(AdministrationError, match="1 or more"):
            target.administration().take_back(account_id, tokens)

    def test_nothing_is_taken_back_from_an_unlimited_account(self, create: Any, run: Any) -> None:
        account_id = create("--plan", "unlimited")["account_id"]
        with pytest.raises(AdministrationError, match="is unlimited"):
            run("account", "take-back", account_id, 1)

    @pytest.mark.parametrize("email", ["ada", "ada@", "@example.com", "ada@example", "a b@c.de"])
    def test_what_is_no_e_mail_address_is_refused(self, create: Any, email: str) -> None:
        with pytest.raises(AdministrationError, match="email must be an address"):
            create("--email", email)

    def test_people_get_tables_without_gaps_and_without_the_secret(
        self, create: Any, target: FakeTarget
    ) -> None:
        del target
        account_id = create()["account_id"]
        for words in (
            ["account", "show", account_id],
            ["account", "list"],
            ["key", "list", account_id],
        ):
            shown = CliRunner().invoke(app, words, catch_exceptions=False).output
            assert "None" not in shown
            assert "whsec_" not in shown
            assert "{" not in shown

    def test_its_secret_is_shown_where_asked_for_and_its_sums_add_up(
        self, create: Any, run: Any
    ) -> None:
        account_id = create()["account_id"]
        assert "callback_secret" not in run("account", "show", account_id)
        shown = run("account", "show", account_id, "--secret")
        assert shown["callback_secret"].startswith("whsec_")
        spent = shown["kept_total"] + shown["held_total"]
        assert shown["given_total"] - shown["expired_total"] - spent == shown["tokens"]


class TestChangingThePlan:
    """`leanpix account change-plan`."""

    def test_a_larger_plan_grants_its_difference_at_once_and_limits_the_keys_by_its_rates(
        self, create: Any, run: Any, target: FakeTarget
    ) -> None:
        account_id = create("--plan", "free")["account_id"]
        changed = run("account", "change-plan", account_id, "pro")
        assert (changed["plan"], changed["tokens"], changed["granted_tokens"]) == (
            "pro",
            10_000,
            10_000,
        )
        assert {plan for _, plan in target.gateway_keys.by_id.values()} == {"pro"}
        shown = run("account", "show", account_id)
        assert shown["given_total"] == 10_000
        assert shown["held_total"] == 0

    def test_a_smaller_plan_leaves_this_months_tokens(self, create: Any, run: Any) -> None:
        account_id = create("--plan", "pro")["account_id"]
        changed = run("account", "change-plan", account_id, "free")
        assert (changed["plan"], changed["tokens"], changed["monthly_tokens"]) == (
            "free",
            10_000,
            500,
        )

    def test_unlimited_is_a_plan_like_any_other_there_and_back(
        self, create: Any, run: Any
    ) -> None:
        account_id = create("--plan", "free")["account_id"]
        assert run("account", "change-plan", account_id, "unlimited")["tokens"] == UNLIMITED_TOKENS
        assert run("account", "change-plan", account_id, "free")["tokens"] == 500

    def test_changes_there_and_back_give_nothing_twice(self, create: Any, run: Any) -> None:
        account_id = create("--plan", "free")["account_id"]
        for plan in ("pro", "free", "pro"):
            changed = run("account", "change-plan", account_id, plan)
            assert changed["tokens"] == 10_000

    def test_to_ask_again_brings_keys_in_line_and_gives_nothing_twice(
        self, create: Any, run: Any, target: FakeTarget
    ) -> None:
        account_id = create("--plan", "free")["account_id"]
        run("account", "change-plan", account_id, "pro")
        target.gateway_keys.by_id = {
            name: (key, "free") for name, (key, _) in target.gateway_keys.by_id.items()
        }
        assert run("account", "change-plan", account_id, "pro")["tokens"] == 10_000
        assert {plan for _, plan in target.gateway_keys.by_id.values()} == {"pro"}

    def test_a_charge_in_between_is_not_overwritten(self, create: Any, stack: Stack) -> None:
        account_id = create("--plan", "free")["account_id"]
        account = stack.account_records.read(account_id)
        assert account is not None
        stack.account_records.top_up(account_id, 7)
        assert not stack.account_records.replace(account, account.with_plan("pro"))
        after = stack.account_records.read(account_id)
        assert after is not None
        assert (after.plan, after.tokens) == ("free", 507)


class TestDeleting:
    """`leanpix account delete` and `leanpix key revoke --all`."""

    def test_the_accounts_own_item_goes_last_so_that_it_can_be_asked_for_again(
        self, stack: Stack, create: Any, run: Any
    ) -> None:
        account_id = create()["account_id"]
        refund = refund_action("accounts", account_id, refund_as_topped_up(3), number=1)
        stack.dynamodb.transact_write_items(TransactItems=[refund])
        deleted: list[str] = []
        stack.dynamodb.meta.events.register(
            "provide-client-params.dynamodb.DeleteItem",
            lambda params, **_: deleted.append(params["Key"].get("part", {}).get("S", "key")),
        )
        run("account", "delete", account_id, "--yes", "--force")
        assert deleted[-1] == "account"
        assert len(deleted) >= 2

    def test_an_account_goes_with_its_keys_and_its_usage(
        self, stack: Stack, create: Any, run: Any, target: FakeTarget
    ) -> None:
        created = create()
        run("key", "create", created["account_id"])
        stack.dynamodb.put_item(
            TableName="accounts",
            Item={
                "account_id": {"S": created["account_id"]},
                "part": {"S": "usage#2026-01"},
                **{name: {"N": "0"} for name in USAGE_COUNTERS},
            },
        )
        assert run("account", "delete", created["account_id"], "--yes") == {
            "account_id": created["account_id"],
            "deleted": True,
            "keys": 2,
        }
        assert stack.dynamodb.scan(TableName="accounts")["Items"] == []
        assert stack.dynamodb.scan(TableName="keys")["Items"] == []
        assert target.gateway_keys.by_id == {}

    def test_while_tokens_are_held_it_is_not_deleted_but_by_force(
        self, stack: Stack, target: FakeTarget
    ) -> None:
        del target
        world = World(lambda clock: backend_over(stack.dynamodb, clock))
        world.add_account("acc_1", tokens=5)
        world.submit(world.submission("acc_1", upload(GAIN)))
        delete = ["account", "delete", "acc_1", "--yes"]
        refused = CliRunner().invoke(app, delete)
        assert isinstance(refused.exception, CommandError)
        assert "1 tokens are held" in str(refused.exception)
        assert stack.account_records.read("acc_1") is not None
        assert CliRunner().invoke(app, [*delete, "--force"]).exit_code == 0
        assert stack.account_records.read("acc_1") is None

    def test_nothing_is_deleted_unless_the_question_is_answered_with_yes(
        self, create: Any, run: Any
    ) -> None:
        account_id = create()["account_id"]
        for answer in ("n\n", ""):
            refused = CliRunner().invoke(app, ["account", "delete", account_id], input=answer)
            assert isinstance(refused.exception, CommandError)
            assert "nothing was done" in str(refused.exception)
        assert run("account", "show", account_id)["account_id"] == account_id

    def test_all_keys_of_an_account_are_revoked_and_no_other(
        self, create: Any, run: Any, target: FakeTarget
    ) -> None:
        first, other = create(), create()
        second = run("key", "create", first["account_id"])
        revoked = run("key", "revoke", first["account_id"], "--all", "--yes")
        assert revoked["revoked"] == 2
        for key in (first["api_key"], second["api_key"]):
            assert target.stack.keys.look_up(hash_api_key(key)) is None
        assert [key for key, _ in target.gateway_keys.by_id.values()] == [other["api_key"]]


class TestKeys:
    """`leanpix key`."""

    def test_only_the_digest_of_a_key_is_kept(
        self, create: Any, run: Any, target: FakeTarget
    ) -> None:
        api_key = create()["api_key"]
        items = target.stack.dynamodb.scan(TableName="keys")["Items"]
        assert [item["key_hash"]["S"] for item in items] == [hash_api_key(api_key)]
        assert api_key not in json.dumps(items, default=str)

    def test_a_revoked_key_opens_nothing_and_is_listed_as_such(
        self, create: Any, run: Any, target: FakeTarget
    ) -> None:
        created = create()
        second = run("key", "create", created["account_id"])
        revoked = run("key", "revoke", created["api_key"])
        assert revoked["revoked"] is True
        keys = target.stack.keys
        assert keys.look_up(hash_api_key(created["api_key"])) is None
        found = keys.look_up(hash_api_key(second["api_key"]))
        assert found
        assert found.account_id == created["account_id"]
        assert [value[0] for value in target.gateway_keys.by_id.values()] == [second["api_key"]]
        listed = run("key", "list", created["account_id"])["keys"]
        is_revoked = {key["key_id"]: key["revoked_at"] is not None for key in listed}
        assert is_revoked == {revoked["key_id"]: True, second["key_id"]: False}


class TestJobs:
    """`leanpix jobs` and `leanpix redrive`."""

    def test_a_job_shows_what_each_image_cost(
        self, stack: Stack, run: Any, target: FakeTarget
    ) -> None:
        world = World(lambda clock: backend_over(stack.dynamodb, clock))
        world.add_account("acc_1", tokens=5)
        world.submit(world.submission("acc_1", upload(GAIN), upload(NONE)))
        world.drain()
        shown = run("jobs", "show", world.accepted[0].job_id)
        assert shown["cost_tokens"] == 1
        assert [image["cost_tokens"] for image in shown["images"]] == [1, 0]
        assert [image["charged_tokens"] for image in shown["images"]] == [1, 1]
        assert shown["images"][1]["reason"] == "no_savings"

    def test_redriven_callbacks_begin_anew(
        self, stack: Stack, run: Any, target: FakeTarget
    ) -> None:
        world = World(lambda clock: backend_over(stack.dynamodb, clock))
        world.add_account("acc_1", tokens=5)
        world.submit(world.submission("acc_1", upload(GAIN), callback=True))
        world.deliver()
        job_id = world.accepted[0].job_id
        world.poster.refusals = 1_000
        for attempts in range(7):
            task = CallbackTask(job_id, attempts)
            world.callback_service.call_back(task, seconds_left=29)
        SqsCallbackQueue(client=stack.sqs, url="", dead_letter_url=target.dead_url).bury_callback(
            CallbackTask(job_id, 7), account_id="acc_1"
        )
        assert run("redrive", "callbacks") == {"queue": "callbacks", "redriven": 1}
        (message,) = stack.sqs.receive_message(QueueUrl=stack.callbacks_url)["Messages"]
        assert json.loads(message["Body"]) == {"job_id": job_id, "attempts": 0}
        world.poster.refusals = 0
        world.callback_service.call_back(CallbackTask(job_id, 0), seconds_left=29)
        assert run("jobs", "show", job_id)["callback"]["state"] == "delivered"
