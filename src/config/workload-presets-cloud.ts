// The presets of platforms that run programs: Kubernetes, Google, AWS, Microsoft Entra. Data only.
import { DAY, DIGITS, HOUR, NOTHING_MORE, type Preset, UUID, UUID_PART } from "./workload-preset.ts";

const AWS = "https://sts.amazonaws.com/";

export const CLOUD_PRESETS = {
  kubernetes: {
    ...NOTHING_MORE,
    form: /^https:\/\/[^/]+(?:\/[A-Za-z0-9._/-]+)?$/,
    example: "https://oidc.eks.eu-central-1.amazonaws.com/id/CLUSTER",
    algorithms: ["RS256", "ES256"],
    maxLife: DAY + HOUR,
    handsOutAgain: true,
    needed: [
      {
        path: ["kubernetes.io", "namespace"],
        where: "It is the namespace that the pod runs in.",
      },
      {
        path: ["kubernetes.io", "serviceaccount", "uid"],
        form: UUID,
        where: "`kubectl get serviceaccount NAME -o jsonpath={.metadata.uid}` prints it.",
      },
    ],
  },
  google: {
    ...NOTHING_MORE,
    issuer: "https://accounts.google.com",
    form: /^https:\/\/accounts\.google\.com$/,
    example: "https://accounts.google.com",
    algorithms: ["RS256"],
    maxLife: HOUR,
    jwksUri: "https://www.googleapis.com/oauth2/v3/certs",
    handsOutAgain: true,
    needed: [
      {
        path: ["sub"],
        form: DIGITS,
        where: "`gcloud iam service-accounts describe EMAIL --format='value(uniqueId)'` prints it.",
      },
    ],
  },
  aws: {
    ...NOTHING_MORE,
    form: new RegExp(`^https://${UUID_PART}\\.tokens\\.sts\\.global\\.api\\.aws$`),
    example: "https://UUID.tokens.sts.global.api.aws",
    algorithms: ["RS256", "ES384"],
    maxLife: HOUR,
    needed: [
      {
        path: [AWS, "aws_account"],
        form: /^[0-9]{12}$/,
        where: "`aws sts get-caller-identity --query Account` prints it.",
      },
      {
        path: ["sub"],
        form: /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/.+$/,
        where:
          "It is the ARN of the role, as `aws iam get-role --role-name NAME --query Role.Arn` prints it.",
        many: true,
      },
    ],
    never: [[AWS, "request_tags"]],
  },
  entra: {
    ...NOTHING_MORE,
    form: new RegExp(
      `^https://(?:login\\.microsoftonline\\.com/${UUID_PART}/v2\\.0|sts\\.windows\\.net/${UUID_PART}/)$`,
    ),
    example: "https://login.microsoftonline.com/TENANT_ID/v2.0",
    tenant: ["tid"],
    algorithms: ["RS256"],
    maxLife: DAY + 2 * HOUR,
    jwksUri: "https://login.microsoftonline.com/$1/discovery/v2.0/keys",
    handsOutAgain: true,
    needed: [
      {
        path: ["tid"],
        form: UUID,
        where: "`az account show --query tenantId` prints it.",
      },
      {
        path: ["oid"],
        form: UUID,
        where: "`az identity show --name NAME --resource-group GROUP --query principalId` prints it.",
      },
    ],
  },
} as const satisfies Readonly<Record<string, Preset>>;
