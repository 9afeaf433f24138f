/** Contracts and reservations, and service levels: what was promised, what was seen of it, what went back. */
import { ask } from "./api.js"
import { announce, byId, drawing, element, field, fill, onSubmit, table } from "./dom.js"
import { count, credits, isZero } from "./format.js"
import { drawingWidth, problemOf } from "./hours.js"
import { forSignedIn } from "./sign-in.js"

const refreshMillis = 10_000

export const showContracts = () => forSignedIn(byId("contracts"), "account", showKnown)

const showKnown = (place) => {
  const problem = element("p", { class: "problem", role: "alert" })
  const alarms = element("div")
  const offers = element("div")
  const promises = element("div")
  const periods = element("div")
  const form = element("div")
  fill(
    place,
    alarms,
    element("h2", {}, "Offers"),
    problem,
    offers,
    element("h2", {}, "Promises"),
    promises,
    periods,
    form,
  )
  const refresh = async () => {
    const [contracts, reservations, bookings] = await Promise.all([
      ask("GET", "marketplace/contracts?limit=100"),
      ask("GET", "marketplace/reservations?limit=100"),
      ask("GET", "marketplace/bookings?limit=200"),
    ])
    const promised = bookings.data.filter(({ sla }) => sla !== null)
    fill(alarms, promised.filter(isBelow).map(alarmOf))
    // Whoever is choosing what to do is not disturbed.
    if (!offers.contains(document.activeElement)) {
      const all = [...contracts.data, ...reservations.data].toSorted((one, other) =>
        other.created_at.localeCompare(one.created_at),
      )
      fill(offers, offerTable(all, act))
    }
    if (!promises.contains(document.activeElement)) fill(promises, promiseTable(promised, open))
  }
  const act = async (path, answer) => {
    problem.textContent = ""
    try {
      await ask("POST", `${path}/${answer}`)
      announce(`Done: ${answer}`)
    } catch (error) {
      problem.textContent = error.message
    }
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    await refresh().catch(() => {})
  }
  const open = async (booking) => {
    const id = encodeURIComponent(booking.booking_id)
    const standing = await ask("GET", `marketplace/bookings/${id}/sla`)
    fill(periods, standingOf(booking, standing))
    announce("Shown below")
  }
  const look = () => void refresh().catch((error) => fill(offers, problemOf(error)))
  void ask("GET", "marketplace/gpu?mine=true&limit=1000")
    .then(({ data }) => {
      fill(form, data.length > 0 && offerForm(data, look))
      return data
    })
    .catch((error) => fill(form, problemOf(error)))
  look()
  const timer = setInterval(look, refreshMillis)
  return () => clearInterval(timer)
}

const when = (iso) =>
  new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })

/** A share that is nearly 1 is told from 1. */
const share = (ratio) => (ratio === null ? "–" : `${Math.floor(ratio * 100_000) / 1000}%`)

const moods = { offered: "busy", accepted: "good", declined: "bad", withdrawn: "bad" }

const pathOf = (offer) =>
  offer.contract_id === undefined
    ? `marketplace/reservations/${encodeURIComponent(offer.reservation_id)}`
    : `marketplace/contracts/${encodeURIComponent(offer.contract_id)}`

/** What is promised, in words. @param {any} terms */
export const promiseText = (terms) =>
  [
    terms.availability_target !== null && `up ${share(terms.availability_target)}`,
    terms.completion_rate_target !== null &&
      `${share(terms.completion_rate_target)} of calls succeed`,
    terms.response_time_target !== null && `answers within ${terms.response_time_target} s`,
  ]
    .filter((part) => part !== false)
    .join(", ")

const offerTable = (offers, act) =>
  table(
    "Contracts and reservations",
    [
      {
        title: "Machine",
        cell: ({ gpu, gpu_id: id, side }) => [
          element("a", { href: `#gpu/${id}` }, gpu),
          element("small", {}, side === "client" ? "offered to me" : "offered by me"),
        ],
      },
      {
        title: "What",
        cell: (offer) => [
          offer.contract_id === undefined ? "Reservation" : "Contract",
          element("small", {}, `${Math.round(offer.hours * 100) / 100} h, ${whatOf(offer)}`),
          element(
            "small",
            {},
            offer.start === null ? "from when it is accepted" : `from ${when(offer.start)}`,
          ),
        ],
      },
      {
        title: "Price",
        align: "number",
        cell: (offer) => [
          credits(offer.price),
          offer.contract_id !== undefined &&
            element("small", {}, `${credits(offer.fixed_rate)} an hour`),
        ],
      },
      {
        title: "Promised",
        cell: ({ promised, maintenance }) => [
          promised === null ? "nothing" : promiseText(promised),
          promised !== null &&
            element("small", {}, `else ${share(promised.penalty_rate)} of a period goes back`),
          maintenance.length > 0 &&
            element("small", {}, `${count(maintenance.length)} × maintenance, excused`),
        ],
      },
      {
        title: "State",
        cell: ({ state, answer_by: answerBy }) => [
          element("span", { class: `chip ${moods[state] ?? "bad"}` }, state),
          answerBy !== null && element("small", {}, `to be answered by ${when(answerBy)}`),
        ],
      },
      { title: "Do", cell: (offer) => deedsOf(offer, act) },
    ],
    offers,
    "No offers yet: a provider offers a client hours at a fixed rate, or keeps memory for it.",
  )

const whatOf = ({ jobs, memory_gib: gib }) =>
  jobs === 0 ? `${gib} GiB` : `${gib} GiB, ${jobs} ${jobs === 1 ? "job" : "jobs"}`

const deedsOf = (offer, act) => {
  if (offer.state === "accepted") return element("a", { href: "#bookings" }, "My bookings")
  if (offer.state !== "offered") return "–"
  const button = (title, answer) =>
    element(
      "button",
      { type: "button", class: "quiet", click: () => void act(pathOf(offer), answer) },
      title,
    )
  return element(
    "div",
    { class: "choices" },
    offer.side === "client"
      ? [button("Accept", "accept"), button("Decline", "decline")]
      : button("Withdraw", "withdraw"),
  )
}

const isBelow = ({ sla, escrow }) =>
  escrow === "active" &&
  sla.availability !== null &&
  sla.availability_target !== null &&
  sla.availability < sla.availability_target

const alarmOf = ({ gpu, sla, side }) =>
  element(
    "p",
    { class: "panel", role: "alert" },
    element("span", { class: "chip bad" }, "below its promise"),
    ` ${gpu}, ${side === "provider" ? "sold by me" : "bought by me"}: up ${share(sla.availability)} so far, promised ${share(sla.availability_target)}.`,
  )

const promiseTable = (bookings, open) =>
  table(
    "Promises",
    [
      {
        title: "Machine",
        cell: ({ gpu, gpu_id: id, side, kind }) => [
          element("a", { href: `#gpu/${id}` }, gpu),
          element("small", {}, `${kind}, ${side === "provider" ? "sold" : "bought"}`),
        ],
      },
      { title: "From", cell: ({ start }) => element("span", { class: "when" }, when(start)) },
      { title: "Promised", cell: ({ sla }) => promiseText(sla) },
      {
        title: "Up",
        cell: ({ sla }) => [
          share(sla.availability),
          sla.availability !== null && meter(sla.availability, sla.availability_target),
        ],
      },
      {
        title: "Kept",
        cell: (booking) => {
          const { availability, breaches } = booking.sla
          if (availability === null) return "–"
          if (breaches > 0)
            return element(
              "span",
              { class: "chip bad" },
              `${count(breaches)} ${breaches === 1 ? "breach" : "breaches"}`,
            )
          if (isBelow(booking)) return element("span", { class: "chip busy" }, "at risk")
          return element("span", { class: "chip good" }, "so far")
        },
      },
      {
        title: "Given back",
        align: "number",
        cell: ({ sla }) => (isZero(sla.refund) ? "–" : credits(sla.refund)),
      },
      {
        title: "",
        cell: (booking) =>
          element(
            "button",
            { type: "button", class: "quiet", click: () => void open(booking) },
            "Periods",
          ),
      },
    ],
    bookings,
    "Nothing that you have bought or sold has a promise: machines make theirs under “My machines”, contracts their own.",
  )

const meterWidth = 96
const meterHeight = 8

/** How much of it there was, and a mark at what was promised: the upper end of the scale, which is what matters. */
const meter = (availability, target) => {
  const least = Math.max(0, 1 - 2 * (1 - Math.min(0.95, availability, target ?? 1)))
  const at = (ratio) => ((ratio - least) / (1 - least)) * meterWidth
  return drawing(
    "svg",
    {
      class: "meter",
      width: meterWidth,
      height: meterHeight,
      viewBox: `0 0 ${meterWidth} ${meterHeight}`,
      "aria-hidden": "true",
    },
    drawing("rect", { class: "rail", x: 0, y: 1, width: meterWidth, height: meterHeight - 2 }),
    drawing("rect", {
      class: target !== null && availability < target ? "short" : "kept",
      x: 0,
      y: 1,
      width: Math.max(2, at(availability)),
      height: meterHeight - 2,
    }),
    target !== null &&
      drawing("rect", { class: "mark", x: at(target) - 1, y: 0, width: 2, height: meterHeight }),
  )
}

const barsHeight = 96
const labelHeight = 20

const standingOf = (booking, standing) => {
  const { promised, periods, running, maintenance } = standing
  const all = running === null ? periods : [...periods, { ...running, period: "running", at: null }]
  return [
    element("h3", {}, `${booking.gpu}: period by period`),
    element(
      "p",
      {},
      `Promised: ${promiseText(promised)}; else ${share(promised.penalty_rate)} of a period’s price goes back. `,
      maintenance.length > 0 &&
        `Excused: ${maintenance.map(({ from, until }) => `${when(from)} – ${when(until)}`).join("; ")}.`,
    ),
    periods.length > 1 && periodBars(periods, promised.availability_target),
    table(
      "Periods",
      [
        { title: "Period", cell: ({ period }) => String(period) },
        { title: "Judged", cell: ({ at }) => (at === null ? "–" : when(at)) },
        { title: "Up", align: "number", cell: ({ availability }) => share(availability) },
        {
          title: "Of, h",
          align: "number",
          cell: ({ expected_seconds: seconds }) => hoursOf(seconds),
        },
        {
          title: "Excused, h",
          align: "number",
          cell: ({ excused_seconds: seconds }) => hoursOf(seconds),
        },
        {
          title: "Calls",
          align: "number",
          cell: ({ successes, failures }) =>
            successes + failures === 0 ? "–" : `${successes} of ${successes + failures}`,
        },
        {
          title: "Begins in",
          align: "number",
          cell: ({ mean_response_seconds: seconds }) =>
            seconds === null ? "–" : `${Math.round(seconds * 100) / 100} s`,
        },
        {
          title: "Given back",
          align: "number",
          cell: ({ refund }) => (isZero(refund) ? "–" : credits(refund)),
        },
      ],
      all,
      "None has begun.",
    ),
  ]
}

const hoursOf = (seconds) => String(Math.round(seconds / 36) / 100)

/** A bar a period: how much of it it was up; the line is what was promised. */
const periodBars = (periods, target) => {
  const width = drawingWidth()
  const step = Math.min(48, width / periods.length)
  const least = Math.min(0.9, target ?? 1, ...periods.map(({ availability }) => availability ?? 1))
  const heightOf = (ratio) => (barsHeight - 4) * ((ratio - least) / (1 - least)) + 4
  return element(
    "figure",
    { class: "panel" },
    drawing(
      "svg",
      {
        viewBox: `0 0 ${width} ${barsHeight + labelHeight}`,
        width,
        height: barsHeight + labelHeight,
        class: "levels",
        role: "img",
        "aria-label": `How much of each of ${count(periods.length)} periods it was up, from ${share(least)} to 100%`,
      },
      periods.map(({ availability, period }, place) =>
        drawing(
          "rect",
          {
            x: place * step + 1,
            y: barsHeight - heightOf(availability ?? least),
            width: Math.max(2, step - 2),
            height: heightOf(availability ?? least),
            class: target !== null && (availability ?? 1) < target ? "short" : "kept",
          },
          drawing("title", {}, `Period ${period}: up ${share(availability)}`),
        ),
      ),
      target !== null &&
        drawing("line", {
          x1: 0,
          x2: width,
          y1: barsHeight - heightOf(target),
          y2: barsHeight - heightOf(target),
          class: "target",
        }),
      drawing("text", { x: 0, y: barsHeight + 15 }, `from ${share(least)} to 100%`),
    ),
    element(
      "figcaption",
      {},
      `A bar a period: the part of it that the machine was up${target === null ? "." : `; the line is the promise, ${share(target)}.`}`,
    ),
  )
}

const input = (attributes) => element("input", { autocomplete: "off", ...attributes })
const decimal = { inputmode: "decimal", pattern: String.raw`\d{1,16}(\.\d{1,9})?` }

const offerForm = (gpus, done) => {
  const kind = element(
    "select",
    {},
    element("option", { value: "contract" }, "Contract: hours at a fixed rate"),
    element("option", { value: "reservation" }, "Reservation: memory, for a fee"),
  )
  const machine = element(
    "select",
    {},
    gpus.map((gpu) => element("option", { value: gpu.gpu_id }, gpu.name)),
  )
  const client = input({ type: "text", required: true, placeholder: "acct_…", maxlength: "100" })
  const hours = input({ type: "number", min: "1", step: "any", value: "100", required: true })
  const price = input({ type: "text", value: "0.08", required: true, ...decimal })
  const memory = input({ type: "number", min: "0.1", step: "any" })
  const available = input({ type: "number", min: "0", max: "100", step: "any", value: "95" })
  const penalties = input({ type: "checkbox" })
  penalties.checked = true
  const result = element("div")
  const priceField = field(
    "Credits",
    price,
    "An hour for each job; a reservation’s fee is for all of it.",
  )
  const memoryField = field("Memory, GiB", memory, "Left empty: the whole machine’s.")
  kind.addEventListener("change", () => {
    memory.required = kind.value === "reservation"
  })
  /** Pressed twice, or sent again after a lost answer, an offer is the same. */
  let sent = { text: "", name: "" }
  const form = element(
    "form",
    { class: "panel" },
    element("h2", {}, "Offer a client terms of its own"),
    field("Kind", kind),
    field("Machine", machine),
    field("Client", client, "Its account’s id, which its owner finds under “My account”."),
    field("Hours", hours, "One run of so many hours, from when it is accepted."),
    priceField,
    memoryField,
    field("Guaranteed to be up, %", available, "Left empty: nothing is promised."),
    field("Penalties", penalties, "Part of a period’s price goes back where that is not kept."),
    element("button", { type: "submit" }, "Offer"),
    result,
  )
  return onSubmit(form, async () => {
    const isContract = kind.value === "contract"
    const body = {
      gpu_id: machine.value,
      client_id: client.value.trim(),
      ...(available.value === "" ? {} : { guaranteed_availability: Number(available.value) / 100 }),
      sla_penalties: penalties.checked,
      ...(isContract
        ? {
            duration_hours: Number(hours.value),
            fixed_rate: price.value,
            ...(memory.value === "" ? {} : { memory_gib: Number(memory.value) }),
          }
        : {
            reserved_gpu_memory: Number(memory.value),
            reservation_duration: `${Math.round(Number(hours.value))}h`,
            reservation_fee: price.value,
          }),
    }
    const text = JSON.stringify(body)
    if (sent.text !== text) sent = { text, name: crypto.randomUUID() }
    const offer = await ask("POST", `marketplace/${kind.value}s`, body, {
      "idempotency-key": sent.name,
    })
    sent = { text: "", name: "" }
    fill(
      result,
      element(
        "p",
        { class: "done" },
        `Offered for ${credits(offer.price)} credits: its hours are kept until ${when(offer.answer_by)}.`,
      ),
    )
    announce("Offered")
    done()
  })
}
