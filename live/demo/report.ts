/** What the demonstration prints. */
import { formatCredits } from "../../engine/index.ts"
import { alignColumns } from "../../platform/terminal/output.ts"
import type { InstanceStatus } from "../views/instance-status.ts"
import type { MarketTotals } from "../replay/totals.ts"
import type { Difference } from "../replay/same-policy.ts"
import type { LoadResult } from "./load.ts"
import type { Member } from "./member.ts"

export interface DemoReport {
  readonly hosts: ReadonlyArray<InstanceStatus>
  readonly consumers: ReadonlyArray<LoadResult>
  readonly members: ReadonlyArray<Member>
  readonly scale: number
  /** The platform's part of a call, and the bounty pool's part of that. */
  readonly feeBps: number
  readonly poolFeeBps: number
  readonly totals: MarketTotals
  readonly journal: {
    readonly entries: number
    readonly commands: number
    readonly postings: number
    readonly digest: string
  }
  readonly replay: "identical" | "different"
  /** Minor units. */
  readonly balanceSum: number
  readonly difference?: Difference
}

export const reportText = (report: DemoReport): string =>
  [
    "Hosts",
    hostsTable(report),
    "",
    "Consumers",
    consumersTable(report),
    "",
    "Where the credits went",
    moneyTable(report),
    "",
    "Statements, by kind of line",
    statementsTable(report),
    "",
    `journal: ${report.journal.entries} entries, ${report.journal.commands} commands, ${report.journal.postings} postings`,
    `replay: ${report.replay}, digest ${report.journal.digest}`,
    `sum of all balances: ${report.balanceSum}`,
  ].join("\n")

const hostsTable = ({ hosts }: DemoReport): string =>
  alignColumns([
    ["host", "model", "tokens/s", "slots", "health", "breaker", "parks", "now"],
    ...hosts.map((one) => [
      one.host,
      one.model,
      String(one.tokens_per_second),
      String(one.slots),
      one.health.toFixed(2),
      one.breaker,
      String(one.parks),
      one.reason,
    ]),
  ])

const consumersTable = ({ consumers }: DemoReport): string =>
  alignColumns([
    ["consumer", "calls", "answered", "left", "refused or broken off", "tokens"],
    ...consumers.map(({ name, calls, answered, left, refused, tokens }) =>
      [name, calls, answered, left, refused, tokens].map(String),
    ),
  ])

const percent = (bps: number): string => `${bps / 100}%`

const moneyTable = ({ totals, scale, feeBps, poolFeeBps }: DemoReport): string =>
  alignColumns(
    (
      [
        ["paid by consumers", totals.paidByConsumers],
        [`to providers (${percent(10_000 - feeBps)})`, totals.providerShares],
        [
          `platform fee (${percent(feeBps)}), ${percent(poolFeeBps)} of it to the bounty pool`,
          totals.platformFees,
        ],
        ["bounties", totals.bounties],
      ] as const
    ).map(([name, minor]) => [name, formatCredits(minor, scale)]),
  )

export const statementsTable = ({
  members,
  scale,
}: Pick<DemoReport, "members" | "scale">): string =>
  alignColumns([
    ["account", "kind", "lines", "credits"],
    ...members.flatMap(({ name, balance, statement }) => {
      const kinds = new Map<string, { lines: number; minor: number }>()
      for (const { kind, amount } of statement) {
        const sum = kinds.get(kind) ?? { lines: 0, minor: 0 }
        sum.lines += 1
        sum.minor += Math.round(Number(amount) * 10 ** scale)
        kinds.set(kind, sum)
      }
      return [
        ...[...kinds].map(([kind, { lines, minor }], index) => [
          index === 0 ? name : "",
          kind,
          String(lines),
          formatCredits(minor, scale),
        ]),
        ["", "spendable", "", balance.spendable],
      ]
    }),
  ])
