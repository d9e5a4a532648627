// What to do where only the AWS CLI gets at the credentials (aws login, MFA). It runs nothing.

/** A sentence with the command that hands them over. */
export function exportHint(profile: string): string {
  const name = /^[\w.@+-]+$/.test(profile) ? profile : `'${profile.replaceAll("'", "'\\''")}'`;
  return `Let the AWS CLI hand them over: eval "$(aws configure export-credentials --profile ${name} --format env)"`;
}
