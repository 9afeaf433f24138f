/** Contracts, reservations and service levels at the command line, against a served market. */
import { describe, expect, it } from "vitest"
import { evenkeelHere } from "../../cli/program.ts"
import { hoursGateway } from "../hours/hours-gateway.ts"

const opened = async () => {
  const gateway = await hoursGateway()
  const provider = await gateway.signUp("provider", "100")
  const client = await gateway.signUp("client", "100")
  const gpu = await gateway.sell(provider)
  const say = async (party: { readonly key: string }, words: string) => {
    const said = await evenkeelHere([...words.split(" "), "--url", gateway.url, "--key", party.key])
    return { ...said, json: () => JSON.parse(said.stdout) }
  }
  return { gateway, provider, client, gpu, say }
}

describe("the commands of contracts", () => {
  it("take an offer to a booking, and tell what came of its promise", async () => {
    const { gateway, provider, client, gpu, say } = await opened()
    const promised = await say(
      provider,
      `gpu sla --gpu-id ${gpu.id} --availability 0.99 --response 30 --completion 0.98 --json`,
    )
    expect(promised.json().sla).toEqual({
      availability_target: 0.99,
      response_time_target: 30,
      completion_rate_target: 0.98,
      penalty_rate: 0.5,
    })
    const offered = await say(
      provider,
      `contract offer --gpu-id ${gpu.id} --client ${client.id} --hours 100 --rate 0.08 --availability 0.95 --json`,
    )
    expect(offered.json()).toMatchObject({ state: "offered", price: "8.00", sla_penalties: true })
    const id = offered.json().contract_id
    const list = await say(client, "marketplace contract list --state offered")
    expect(list.stdout).toContain(id)
    const one = await say(client, `contract list --contract-id ${id}`)
    expect(one.stdout).toContain("up 95%, 98% of calls succeed, answers begin within 30 s")
    const accepted = await say(client, `contract accept --contract-id ${id} --json`)
    const { booking_id: booking } = accepted.json()
    const sla = await say(client, `sla --booking-id ${booking}`)
    expect(sla.stdout).toContain("not running")
    await gateway.pass(2_000_000, gpu)
    await gateway.call("POST", `/marketplace/bookings/${booking}/start`, gpu.key, {})
    expect((await say(provider, `sla --booking-id ${booking} --json`)).json()).toMatchObject({
      is_up: true,
      promised: { availability_target: 0.95 },
    })
    expect((await say(client, `sla --booking-id ${booking}`)).stdout).toContain("running")
    const seen = await say(client, `bookings --booking-id ${booking}`)
    expect(seen.stdout).toContain("promised")
    const none = await say(provider, `gpu sla --gpu-id ${gpu.id} --none --json`)
    expect(none.json().sla).toBeNull()
  })

  it("reserve memory, and are declined and withdrawn", async () => {
    const { provider, client, gpu, say } = await opened()
    const reserve = `reservation offer --gpu-id ${gpu.id} --client ${client.id} --memory 8 --duration 30d --fee 50 --json`
    const first = (await say(provider, reserve)).json()
    expect(first).toMatchObject({ reservation_fee: "50.00", hours: 720, promised: null })
    const declined = await say(
      client,
      `reservation decline --reservation-id ${first.reservation_id}`,
    )
    expect(declined.stdout).toContain("declined")
    const second = (await say(provider, reserve)).json()
    const withdrawn = await say(
      provider,
      `reservation withdraw --reservation-id ${second.reservation_id} --json`,
    )
    expect(withdrawn.json().state).toBe("withdrawn")
    expect((await say(client, "reservation list --state expired")).stdout).toBe(
      "No reservations.\n",
    )
  })

  it("say what is wrong", async () => {
    const { provider, say } = await opened()
    for (const [words, said] of [
      ["contract offer --client acct_x --hours 1 --rate 0.1", "--gpu-id"],
      ["contract offer --gpu-id g --client acct_x --hours ten --rate 0.1", "expected a number"],
      ["contract list --state open", "expected one of offered"],
      ["gpu sla --gpu-id host_x", "or --none"],
      ["contract accept --contract-id ct_nothing", "contract ct_nothing of yours"],
      ["sla --booking-id bk_nothing", "booking bk_nothing of yours"],
    ] as const) {
      const answer = await say(provider, words)
      expect(answer.code, words).not.toBe(0)
      expect(answer.stderr).toContain(said)
      expect(answer.stderr).not.toContain("    at ")
    }
  })
})
