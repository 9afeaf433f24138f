/** Which of the market's findings are about an account; the others are about an instance. */
const ofAccounts: ReadonlySet<string> = new Set(["Clawback", "NoShow", "DisputeLost", "HoursLeft"])

export const isOfAccount = (finding: string): boolean => ofAccounts.has(finding)
