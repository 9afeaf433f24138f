/** One machine that is sold by the hour: what it is, its calendar, and the form that books it. */
import { ask } from "./api.js"
import { promiseText } from "./contracts.js"
import { announce, byId, drawing, element, field, fill, onSubmit } from "./dom.js"
import { credits, percent } from "./format.js"
import { drawingWidth, problemOf, stateChip, strategyNames } from "./hours.js"

const days = 14
const hour = 3_600_000

/** @param {string} id */
export const showGpu = (id) => {
  const place = byId("gpu")
  const path = `marketplace/gpu/${encodeURIComponent(id)}`
  const facts = element("div")
  const known = element("div")
  const calendar = element("div")
  fill(
    place,
    facts,
    element("h2", {}, "What its provider is known for"),
    known,
    element("h2", {}, "Calendar"),
    calendar,
    bookForm(id, () => look()),
  )
  const show = async () => {
    const [gpu, spans, reputation] = await Promise.all([
      ask("GET", path),
      ask("GET", `${path}/calendar?days=${days}`),
      ask("GET", `${path}/reputation`),
    ])
    byId("title-gpu").textContent = gpu.name
    fill(facts, factsOf(gpu))
    fill(known, reputationOf(reputation))
    fill(calendar, calendarOf(spans))
  }
  const look = () => void show().catch((error) => fill(facts, problemOf(error)))
  look()
}

const fact = (title, value) => [element("dt", {}, title), element("dd", {}, value)]

const factsOf = (gpu) =>
  element(
    "dl",
    { class: "panel facts" },
    fact("Now", stateChip(gpu)),
    fact("Region", `${gpu.region} (${gpu.timezone})`),
    fact("Memory", `${gpu.memory_gib} GiB, ${gpu.max_jobs} jobs at once`),
    gpu.cuda_version !== null && fact("CUDA", gpu.cuda_version),
    fact(
      "Price",
      `${credits(gpu.price_per_hour)} credits an hour for each job now: ${credits(gpu.base_price)} × ${gpu.multiplier}`,
    ),
    fact("Strategy", strategyNames[gpu.strategy] ?? gpu.strategy),
    gpu.strategy === "dynamic" &&
      fact(
        "Rises",
        `from ${percent(gpu.demand_threshold)} in use on, to × ${gpu.max_multiplier} at most`,
      ),
    fact("More than 10 h", `× ${gpu.bulk_discount}`),
    fact("In demand or at peak", `× ${gpu.peak_multiplier}`),
    fact("Open", gpu.schedule_text),
    gpu.sla !== null &&
      fact(
        "Promises",
        `${promiseText(gpu.sla)}; else ${percent(gpu.sla.penalty_rate)} of a period’s price goes back`,
      ),
    gpu.specialised.map((one) =>
      fact(
        "Specialised",
        `${one.model_name}${one.specialization === null ? "" : `, ${one.specialization}`}: ${specialisedStates[one.state]}`,
      ),
    ),
  )

const specialisedStates = {
  not_served: "its host serves no calls of it now",
  not_measured: "not measured yet",
  below_accuracy: "not accurate enough",
  served: "served",
}

const tenth = (value) => Math.round(value * 10) / 10

const reputationOf = (known) =>
  element(
    "dl",
    { class: "panel facts" },
    fact(
      "Reputation",
      `${percent(known.overall_score)}: rank ${known.rank} of ${known.providers} ${known.providers === 1 ? "provider" : "providers"} in its region`,
    ),
    fact("Calls that succeed", percent(known.success_rate)),
    fact("Hours delivered", `${percent(known.availability)}, of ${tenth(known.sold_hours)} sold`),
    fact("Begun in time", `${percent(known.on_time_rate)}, of ${tenth(known.starts)} bookings`),
    fact(
      "Satisfaction",
      `${percent(known.client_satisfaction)}, of ratings that weigh ${tenth(known.ratings)}`,
    ),
    fact(
      "Access after",
      known.avg_response_time === null
        ? "nothing began in the last 30 days"
        : `${known.avg_response_time} s, on average`,
    ),
    known.ratings === 0 &&
      known.starts === 0 &&
      fact(
        "New",
        "Nobody has rated it, and nothing has begun: it is credited with what a newcomer is.",
      ),
  )

const rowHeight = 22
const label = 92
const dayMillis = 24 * hour

/** A row a day, by this reader's clock: open, and what of it is sold. */
const calendarOf = ({ open, sold, maintenance, from, max_jobs: jobs, memory_gib: gib }) => {
  const width = drawingWidth()
  const start = new Date(from)
  start.setHours(0, 0, 0, 0)
  const dayStarts = Array.from({ length: days }, (_, index) => {
    const day = new Date(start)
    day.setDate(day.getDate() + index)
    return day
  })
  /** The part of the machine that is sold; what little is sold is seen as well. */
  const partOf = (span) =>
    Math.max(0.4, Math.min(1, Math.max(span.jobs / jobs, span.memory_gib / gib)))
  const bars = (spans, kind, titleOf, shadeOf = (_span) => 1) =>
    dayStarts.flatMap((day, row) =>
      spans.flatMap((span) => {
        const begin = Math.max(Date.parse(span.from), day.getTime())
        const end = Math.min(Date.parse(span.until), day.getTime() + dayMillis)
        if (begin >= end) return []
        return drawing(
          "rect",
          {
            x: label + ((begin - day.getTime()) / dayMillis) * (width - label),
            y: row * rowHeight + 3,
            width: ((end - begin) / dayMillis) * (width - label),
            height: rowHeight - 6,
            class: kind,
            "fill-opacity": shadeOf(span),
          },
          drawing("title", {}, titleOf(span)),
        )
      }),
    )
  const spanText = ({ from: begin, until }) =>
    `${new Date(begin).toLocaleString("en-GB")} – ${new Date(until).toLocaleString("en-GB")}`
  const labels = dayStarts.map((day, row) =>
    drawing(
      "text",
      { x: 0, y: row * rowHeight + 16, class: "label" },
      day.toLocaleDateString("en-GB", { weekday: "short", day: "2-digit", month: "2-digit" }),
    ),
  )
  const hours = [0, 6, 12, 18].map((at) =>
    drawing(
      "text",
      { x: label + (at / 24) * (width - label), y: days * rowHeight + 16, class: "label" },
      `${at} h`,
    ),
  )
  const height = days * rowHeight + 22
  return element(
    "figure",
    { class: "panel" },
    drawing(
      "svg",
      {
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        class: "calendar",
        role: "img",
        "aria-label": `The next ${days} days: ${sold.length === 0 ? "nothing is sold" : sold.length === 1 ? "1 span is sold" : `${sold.length} spans are sold`}`,
      },
      labels,
      hours,
      bars(open, "open", (span) => `Open ${spanText(span)}`),
      bars(sold, "sold", (span) => `${span.jobs} of ${jobs} jobs sold ${spanText(span)}`, partOf),
      bars(maintenance, "maintenance", (span) => `Maintenance ${spanText(span)}`),
    ),
    element(
      "figcaption",
      {},
      `Midnight to midnight, by your clock. Faint: open. Darker: sold in part. Full: sold.${maintenance.length > 0 ? " Amber: maintenance." : ""}`,
    ),
  )
}

const bookForm = (id, done) => {
  const start = element("input", { type: "datetime-local" })
  const hours = element("input", {
    type: "number",
    min: "0.02",
    max: "8760",
    step: "any",
    value: "1",
    required: true,
  })
  const jobs = element("input", { type: "number", min: "1", max: "1024" })
  const price = element("p", { role: "status" })
  const result = element("div")
  const wish = () => ({
    gpu_id: id,
    hours: Number(hours.value),
    ...(jobs.value === "" ? {} : { jobs: Number(jobs.value) }),
    ...(start.value === "" ? {} : { start: new Date(start.value).toISOString() }),
  })
  const quote = element("button", { type: "button", class: "quiet" }, "What does it cost?")
  quote.addEventListener("click", async () => {
    try {
      const found = await ask("POST", "marketplace/quotes", wish())
      price.textContent = `${credits(found.price)} credits${found.in_demand ? ", as the region is in demand" : ""}.`
    } catch (error) {
      price.textContent = error.message
    }
  })
  /** Pressed twice, or sent again after a lost answer, an order is the same. */
  let order = { text: "", name: "" }
  const form = element(
    "form",
    { class: "panel" },
    element("h2", {}, "Book it"),
    field("From", start, "By your clock; left empty: now."),
    field("Hours", hours),
    field("Jobs at once", jobs, "Left empty: the whole machine."),
    quote,
    element("button", { type: "submit" }, "Book"),
    price,
    result,
  )
  return onSubmit(form, async () => {
    const text = JSON.stringify(wish())
    if (order.text !== text) order = { text, name: crypto.randomUUID() }
    const booking = await ask("POST", "marketplace/bookings", wish(), {
      "idempotency-key": order.name,
    })
    order = { text: "", name: "" }
    fill(
      result,
      element(
        "p",
        { class: "done" },
        `Booked for ${credits(booking.price)} credits, held in escrow. `,
        element("a", { href: "#bookings" }, "My bookings"),
      ),
    )
    announce("Booked")
    done()
  })
}
