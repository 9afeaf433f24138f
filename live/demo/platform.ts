/** The demonstration's view of its own gateway: HTTP and nothing else, as any operator or consumer. */
import type { AccountView } from "../accounts/answers.ts"
import type { StatementPage } from "../accounts/statement.ts"
import type { InstanceStatus } from "../views/instance-status.ts"

export type StatementLine = StatementPage["data"][number]
type Account = AccountView & { readonly api_key: string }

const longestPage = 200

export interface Platform {
  readonly signUp: (name: string) => Promise<Account>
  readonly topUp: (accountId: string, credits: string) => Promise<void>
  readonly account: (key: string) => Promise<AccountView>
  /** Every line, the oldest first. */
  readonly statement: (key: string) => Promise<ReadonlyArray<StatementLine>>
  readonly instances: () => Promise<ReadonlyArray<InstanceStatus>>
}

export const platformAt = (url: string, adminKey: string): Platform => {
  const ask = async <T>(path: string, key?: string, body?: object): Promise<T> => {
    const response = await fetch(url + path, {
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  return {
    signUp: (name) => ask<Account>("/accounts", undefined, { name }),
    topUp: async (accountId, amount) => {
      const transfer = { transfer_id: `demo-${accountId}`, amount }
      await ask(`/admin/accounts/${accountId}/top-up`, adminKey, transfer)
    },
    account: (key) => ask<AccountView>("/account", key),
    statement: async (key) => {
      const lines: Array<StatementLine> = []
      for (let cursor = ""; ;) {
        const query = `?limit=${longestPage}${cursor === "" ? "" : `&cursor=${cursor}`}`
        const page = await ask<StatementPage>(`/account/statement${query}`, key)
        lines.push(...page.data)
        if (page.next_cursor === null) return lines.toReversed()
        cursor = page.next_cursor
      }
    },
    instances: async () => {
      const { instances } = await ask<{ readonly instances: ReadonlyArray<InstanceStatus> }>(
        "/breakers",
      )
      return instances
    },
  }
}
