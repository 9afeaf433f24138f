import { NodeContext } from "@effect/platform-node"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it, vi } from "vitest"
import { adminKeyCommand } from "../../../live/directory/admin-key-command.ts"
import { runCommand } from "../../support/run-command.ts"
import { temporaryFolder } from "../support/data-directory.ts"
import { runningGateway } from "../support/gateway.ts"

interface Made {
  readonly adminKey: string
  readonly revoked: number
}

/** What the command prints, or why it refuses. */
const adminKey = async (data: string): Promise<Made | string> => {
  const printed = vi.spyOn(console, "log").mockImplementation(() => {})
  try {
    return await Effect.runPromise(
      runCommand(adminKeyCommand, ["--data", data, "--json"]).pipe(
        Effect.map(() => JSON.parse(String(printed.mock.calls[0][0])) as Made),
        Effect.catchAll((error) =>
          Effect.succeed("message" in error ? String(error.message) : String(error)),
        ),
        Effect.provide(NodeContext.layer),
      ),
    )
  } finally {
    printed.mockRestore()
  }
}

const auditLog = async (url: string, key: string) => {
  const response = await fetch(`${url}/admin/audit`, {
    headers: { authorization: `Bearer ${key}` },
  })
  return {
    status: response.status,
    body: (await response.json()) as { readonly data?: ReadonlyArray<object> },
  }
}

describe("evenkeel admin-key", () => {
  it("makes a key that opens the admin's door, ends those before it, and is audited", async () => {
    const first = await runningGateway()
    const data = join(first.folder, "data")
    expect(await adminKey(data)).toMatch(/another process runs a market in it/)
    await first.stop()
    const made = (await adminKey(data)) as Made
    expect(made).toMatchObject({ adminKey: expect.stringMatching(/^ak_live_/), revoked: 1 })
    const second = await runningGateway({}, first.folder)
    expect(second.adminSecret, "there is one already").toBeUndefined()
    expect((await auditLog(second.url, String(first.adminSecret))).status).toBe(401)
    const { status, body } = await auditLog(second.url, made.adminKey)
    expect(status).toBe(200)
    expect(body.data?.[0]).toMatchObject({
      finding: "AdminKeyMade",
      subject: null,
      quantity: 1,
      actor: "data directory",
    })
  })

  it("makes nothing where there is no market", async () => {
    const nowhere = join(temporaryFolder(), "nowhere")
    expect(await adminKey(nowhere)).toMatch(/nowhere: holds no market/)
    expect(existsSync(nowhere)).toBe(false)
  })
})
