/** The shell command that brings the same results again. */
import { quoteForShell } from "../../platform/terminal/shell.ts"

export const commandAgain = (
  name: string,
  {
    scenario,
    seed,
    replications,
  }: Readonly<Record<"scenario" | "seed", string>> & {
    readonly replications: number
  },
  settings: ReadonlyArray<readonly [option: string, texts: ReadonlyArray<string>]>,
): string =>
  [
    `npx evenkeel ${name}`,
    // A file whose name begins like an option is named by its folder.
    quoteForShell(scenario.replace(/^-/, "./-")),
    `--seed${seed.startsWith("-") ? "=" : " "}${quoteForShell(seed)}`,
    `--replications ${replications}`,
    ...settings.flatMap(([option, texts]) =>
      texts.map((text) => `${option} ${quoteForShell(text)}`),
    ),
  ].join(" ")
