// The presets of services that run jobs: GitHub, GitLab, CircleCI, Buildkite, Azure DevOps. Data only.
import { DAY, DIGITS, HOUR, NOTHING_MORE, type Preset, UUID, UUID_PART } from "./workload-preset.ts";

export const CI_PRESETS = {
  github: {
    ...NOTHING_MORE,
    issuer: "https://token.actions.githubusercontent.com",
    form: /^https:\/\/(?:token\.actions\.githubusercontent\.com(?:\/[A-Za-z0-9-]+)?|token\.actions\.[a-z0-9-]+\.ghe\.com|[^/]+\/_services\/token)$/,
    example: "https://github.example/_services/token",
    algorithms: ["RS256"],
    maxLife: HOUR,
    needed: [
      {
        path: ["repository_id"],
        form: DIGITS,
        where: "`gh api repos/OWNER/NAME --jq .id` prints it.",
      },
      {
        path: ["repository_owner_id"],
        form: DIGITS,
        where: "`gh api repos/OWNER/NAME --jq .owner.id` prints it.",
      },
    ],
    // What strangers can start: GitHub runs these for pull requests from forks, or right after them.
    guards: [
      {
        path: ["event_name"],
        isNot: [
          "pull_request",
          "pull_request_target",
          "pull_request_review",
          "pull_request_review_comment",
          "workflow_run",
        ],
      },
    ],
    texts: ["actor_id", "run_id", "run_number", "run_attempt", "ref_protected", "enterprise_id"],
  },
  gitlab: {
    ...NOTHING_MORE,
    issuer: "https://gitlab.com",
    form: /^https:\/\/[^/]+(?:\/[A-Za-z0-9._/-]+)?$/,
    example: "https://gitlab.example",
    algorithms: ["RS256"],
    maxLife: 7 * DAY, // As long as the job may run.
    handsOutAgain: true,
    needed: [
      {
        path: ["project_id"],
        form: DIGITS,
        where: "The project's page shows it, and a job has it as CI_PROJECT_ID.",
      },
      {
        path: ["namespace_id"],
        form: DIGITS,
        where: "The group's page shows it, and a job has it as CI_PROJECT_NAMESPACE_ID.",
      },
    ],
    guards: [{ path: ["pipeline_source"], isNot: ["merge_request_event", "external_pull_request_event"] }],
    texts: ["ref_protected", "environment_protected", "pipeline_id", "job_id", "user_id", "runner_id"],
  },
  circleci: {
    ...NOTHING_MORE,
    form: new RegExp(`^https://oidc\\.circleci\\.com(?:/org/${UUID_PART})?$`),
    example: "https://oidc.circleci.com/org/ORGANIZATION_ID",
    tenant: ["oidc.circleci.com/org-id"],
    algorithms: ["RS256"],
    maxLife: 6 * HOUR,
    handsOutAgain: true,
    needed: [
      {
        path: ["oidc.circleci.com/org-id"],
        form: UUID,
        where: "CircleCI shows it under Organization Settings, Overview.",
      },
      {
        path: ["oidc.circleci.com/project-id"],
        form: UUID,
        where: "CircleCI shows it under Project Settings, Overview.",
      },
    ],
    guards: [{ path: ["oidc.circleci.com/ssh-rerun"], is: [false] }],
  },
  buildkite: {
    ...NOTHING_MORE,
    issuer: "https://agent.buildkite.com",
    form: /^https:\/\/agent\.buildkite\.com$/,
    example: "https://agent.buildkite.com",
    algorithms: ["RS256"],
    maxLife: DAY,
    needed: [
      {
        path: ["organization_id"],
        form: UUID,
        where: "A job has it as BUILDKITE_ORGANIZATION_ID; its token has it when asked for with --claim.",
      },
      {
        path: ["pipeline_id"],
        form: UUID,
        where: "A job has it as BUILDKITE_PIPELINE_ID; its token has it when asked for with --claim.",
      },
    ],
  },
  azure_devops: {
    ...NOTHING_MORE,
    form: new RegExp(`^https://vstoken\\.dev\\.azure\\.com/${UUID_PART}$`),
    example: "https://vstoken.dev.azure.com/ORGANIZATION_ID",
    tenant: ["org_id"],
    algorithms: ["RS256"],
    audience: "api://AzureADTokenExchange",
    maxLife: HOUR,
    needed: [
      {
        path: ["org_id"],
        form: UUID,
        where: "A pipeline has it as System.CollectionId.",
      },
      {
        path: ["prj_id"],
        form: UUID,
        where: "A pipeline has it as System.TeamProjectId.",
      },
    ],
    guards: [{ path: ["rpo_ref"], beginsNot: "refs/pull/" }],
    texts: ["def_id", "run_id"],
  },
} as const satisfies Readonly<Record<string, Preset>>;
