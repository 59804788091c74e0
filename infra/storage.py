"""Build the three tables and the bucket that hold the data."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.settings import Settings
from leanpix import contract

_STRING = dynamodb.AttributeType.STRING
_PREFLIGHT_CACHE_SECONDS = 86_400


def removal_policy(settings: Settings) -> RemovalPolicy:
    """Return what happens to data when its stack is deleted.

    What is kept is kept once the stack stands: a first deploy that fails leaves nothing behind
    that the next one stumbles over ("DeletionPolicy attribute": RetainExceptOnCreate).
    """
    if settings.keep_data:
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    return RemovalPolicy.DESTROY


class Storage(Construct):
    """The tables of jobs, keys and accounts, and the bucket of uploads and results."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        """Create the tables and the bucket."""
        super().__init__(scope, construct_id)
        self._settings = settings
        self._removal = removal_policy(settings)

        # Job items live as long as the images; losing them loses no money, so no backups.
        self.jobs = self._table(
            "Jobs", key="job_id", sort_key="part", ttl=contract.TTL_ATTRIBUTE, backed_up=False
        )
        self.jobs.add_global_secondary_index(
            index_name=contract.OPEN_RECORDS_INDEX,
            partition_key=dynamodb.Attribute(name="open_shard", type=_STRING),
            sort_key=dynamodb.Attribute(name="due_at", type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.jobs.add_global_secondary_index(
            index_name=contract.JOBS_BY_ACCOUNT_INDEX,
            partition_key=dynamodb.Attribute(name="account_id", type=_STRING),
            # Only the item of a job has it, so its images are not in the index.
            sort_key=dynamodb.Attribute(name="created_at", type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.keys = self._table("Keys", key="key_hash", backed_up=True)
        self.keys.add_global_secondary_index(
            index_name=contract.KEYS_BY_ACCOUNT_INDEX,
            partition_key=dynamodb.Attribute(name="account_id", type=_STRING),
        )
        self.accounts = self._table("Accounts", key="account_id", sort_key="part", backed_up=True)
        self.bucket = self._bucket()

    @property
    def tables(self) -> dict[str, dynamodb.Table]:
        """The tables by what they hold."""
        return {"jobs": self.jobs, "keys": self.keys, "accounts": self.accounts}

    def _table(
        self,
        construct_id: str,
        *,
        key: str,
        backed_up: bool,
        sort_key: str | None = None,
        ttl: str | None = None,
    ) -> dynamodb.Table:
        # DynamoDB encrypts every table; its own key (the default) costs nothing per request.
        # Deletion protection would keep a first deploy that fails from being cleaned up:
        # `leanpix deploy` turns it on when the stack stands, and `leanpix doctor` looks for it.
        return dynamodb.Table(
            self,
            construct_id,
            partition_key=dynamodb.Attribute(name=key, type=_STRING),
            sort_key=dynamodb.Attribute(name=sort_key, type=_STRING) if sort_key else None,
            time_to_live_attribute=ttl,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=backed_up
            ),
            removal_policy=self._removal,
        )

    def _bucket(self) -> s3.Bucket:
        expiry = Duration.days(self._settings.object_expiry_days)
        return s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            removal_policy=self._removal,
            # Browsers follow redirects to results, and upload by a presigned POST.
            cors=[
                s3.CorsRule(
                    allowed_origins=["*"],
                    allowed_methods=[
                        s3.HttpMethods.GET,
                        s3.HttpMethods.HEAD,
                        s3.HttpMethods.POST,
                    ],
                    allowed_headers=["*"],
                    exposed_headers=["Content-Range", "ETag"],
                    max_age=_PREFLIGHT_CACHE_SECONDS,
                )
            ],
            lifecycle_rules=[
                *(
                    s3.LifecycleRule(
                        id=f"expire-{prefix.rstrip('/')}", prefix=prefix, expiration=expiry
                    )
                    for prefix in (contract.UPLOADS_PREFIX, contract.RESULTS_PREFIX)
                ),
                s3.LifecycleRule(
                    id="abort-multipart",
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
            ],
        )
