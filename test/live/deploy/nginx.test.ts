/** The nginx.conf that operators are given, and nginx as it comes, between a host and its gateway. */
import { spawn, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import type { Job } from "../../../live/protocol/delivery.ts"
import { openHostServer, miniHostAt, recordingSink } from "../hosts/host-server.ts"
import { freePort } from "../support/served.ts"

const program = "nginx"
const hasNginx = spawnSync(program, ["-v"]).error === undefined

const cleanups: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** What stands in the `location` of the file that operators are given. */
const ready = (): string => {
  const file = readFileSync("live/deploy/nginx.conf", "utf8")
  const [, directives] = /location \/ \{\n\s*proxy_pass [^;]*;([^}]*)\}/.exec(file) ?? []
  if (directives === undefined) throw new Error("no location in live/deploy/nginx.conf")
  return directives
}

/** nginx in front of a port, with these directives; gives its own port. */
const nginxBefore = async (upstream: number, directives: string): Promise<number> => {
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-nginx-"))
  const port = await freePort()
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(" ")
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http { access_log off; ${temporary} server { listen 127.0.0.1:${port};
  location / { proxy_pass http://127.0.0.1:${upstream}; ${directives} } } }`,
  )
  const nginx = spawn(program, ["-c", join(folder, "nginx.conf"), "-p", folder], {
    stdio: "ignore",
  })
  const ended = new Promise<void>((resolve) => void nginx.once("exit", () => resolve()))
  cleanups.push(async () => {
    nginx.kill()
    await ended
    rmSync(folder, { recursive: true })
  })
  await expect
    .poll(() => fetch(`http://127.0.0.1:${port}/hosts`).then(({ status }) => status), {
      timeout: 10_000,
    })
    .toBe(200)
  return port
}

const token = (content: string) => ({ choices: [{ index: 0, delta: { content } }] })

const hostBehind = async (directives: string) => {
  const server = await openHostServer()
  const model = server.market.listModel({ name: "small" })
  const { host, instance, secret } = server.market.startHost({ model })
  const sink = recordingSink()
  const job: Job = {
    request: 1,
    attempt: 0,
    instance: instance.id,
    kind: "chat",
    body: { model: "small" },
    inputTokens: 3,
    maxTokens: 10,
  }
  const mini = miniHostAt(await nginxBefore(server.port, directives), secret)
  const delivery = server.board.deliver(job, sink)
  const { body: handed } = await mini.poll()
  const upload = mini.upload(handed)
  const phase = (): string | undefined => server.board.heardOf(host.id, [])[0]?.phase
  return { ...server, host, sink, delivery, mini, handed, upload, phase }
}

describe.skipIf(!hasNginx)("nginx between a host and its gateway", () => {
  it("as it is given to operators, hands tokens on as they come, and ends an upload early", async () => {
    const t = await hostBehind(ready())
    t.upload.write(token("a"))
    await t.sink.until(() => t.sink.chunks.length === 1)
    t.upload.write(token("b"))
    await t.sink.until(() => t.sink.chunks.length === 2)
    expect(t.phase()).toBe("uploading")
    t.delivery.cancel()
    expect((await t.upload.answer).status).toBe(499)
  })

  it("as it comes, holds them back, which shows as soon as they come", async () => {
    const t = await hostBehind("proxy_http_version 1.1;")
    for (let word = 0; word < 24; word++) {
      t.upload.write(token(String(word)))
      await new Promise((resolve) => void setTimeout(resolve, 100))
    }
    expect([t.phase(), t.sink.chunks.length]).toEqual(["handed", 0])
    t.upload.end()
    expect((await t.upload.answer).status).toBe(200)
    expect(t.sink.chunks).toHaveLength(24)
    expect(t.market.uploads.of(t.host.id)).toBe("heldBack")
  })
})
