/** One's own machines: sell one by the hour, change its price, its strategy, its week. */
import { ask } from "./api.js"
import { announce, byId, copyButton, element, field, fill, onSubmit } from "./dom.js"
import { credits } from "./format.js"
import { gpuTable, problemOf, strategyNames } from "./hours.js"
import { forSignedIn } from "./sign-in.js"

export const showMachines = () => forSignedIn(byId("machines"), "account", showKnown)

const showKnown = (place) => {
  const list = element("div")
  const detail = element("div")
  const look = async () => {
    const { data } = await ask("GET", "marketplace/gpu?mine=true&limit=200")
    fill(
      list,
      gpuTable(data, "You sell no machine yet.", (gpu) =>
        element(
          "button",
          { type: "button", class: "quiet", click: () => void open(gpu).catch(fail) },
          "Change",
        ),
      ),
    )
  }
  const fail = (error) => fill(detail, problemOf(error))
  const open = async (gpu) => {
    const path = `marketplace/gpu/${encodeURIComponent(gpu.gpu_id)}`
    const [status, earnings] = await Promise.all([
      ask("GET", `${path}/status`),
      ask("GET", `${path}/earnings?period=30d`),
    ])
    fill(
      detail,
      changeForms(
        path,
        status,
        earnings,
        () =>
          void look()
            .then(() => open(gpu))
            .catch(fail),
        () => {
          fill(detail)
          void look().catch(fail)
        },
      ),
    )
  }
  fill(
    place,
    element(
      "p",
      {},
      element("a", { href: "#earnings" }, "What they earn, suggestions, alerts"),
      " · ",
      element("a", { href: "#swarms" }, "Swarms of providers"),
    ),
    list,
    detail,
    registerForm(() => void look().catch(fail)),
  )
  void look().catch((error) => fill(list, problemOf(error)))
  return () => {}
}

const input = (attributes) => element("input", { autocomplete: "off", ...attributes })

const strategySelect = (chosen) =>
  element(
    "select",
    {},
    Object.entries(strategyNames).map(([value, title]) =>
      element("option", { value, selected: value === chosen }, title),
    ),
  )

const decimal = { inputmode: "decimal", pattern: String.raw`\d{1,16}(\.\d{1,9})?` }

const registerForm = (done) => {
  const name = input({ type: "text", maxlength: "100", required: true, placeholder: "My-GPU" })
  const memory = input({ type: "number", min: "0.1", step: "any", value: "24", required: true })
  const cuda = input({ type: "text", maxlength: "20", placeholder: "12.1" })
  const price = input({ type: "text", value: "0.05", required: true, ...decimal })
  const jobs = input({ type: "number", min: "1", max: "1024", value: "1", required: true })
  const region = element("select", {})
  const strategy = strategySelect("market-balance")
  const result = element("div")
  void ask("GET", "marketplace/regions")
    .then(({ data }) =>
      region.append(
        ...data.map((one) =>
          element("option", { value: one.region }, `${one.region} (${one.timezone})`),
        ),
      ),
    )
    .catch(() => {})
  const form = element(
    "form",
    { class: "panel" },
    element("h2", {}, "Sell a machine by the hour"),
    field("Name", name),
    field("Memory, GiB", memory),
    field("CUDA version", cuda),
    field("Credits an hour", price, "For each job, before its strategy."),
    field("Jobs at once", jobs),
    field("Region", region),
    field("Strategy", strategy),
    element("button", { type: "submit" }, "Register"),
    result,
  )
  return onSubmit(form, async () => {
    const gpu = await ask("POST", "marketplace/gpu", {
      name: name.value,
      memory_gib: Number(memory.value),
      base_price: price.value,
      max_jobs: Number(jobs.value),
      region: region.value,
      strategy: strategy.value,
      ...(cuda.value === "" ? {} : { cuda_version: cuda.value }),
    })
    const command = `npx evenkeel gpu serve --url ${location.origin} --gpu-id ${gpu.gpu_id} --host-key ${gpu.api_key} --access 'ssh {booking_id}@your-machine'`
    fill(
      result,
      element(
        "p",
        { class: "done" },
        "It is listed. On the machine itself, this has the market hear of it; its key is shown this once:",
      ),
      element("p", {}, element("code", { tabindex: "0" }, command)),
      copyButton(() => command),
    )
    announce("Registered")
    done()
  })
}

const changeForms = (path, status, earnings, changed, removed) => {
  const price = input({ type: "text", value: status.base_price, required: true, ...decimal })
  const strategy = strategySelect(status.strategy)
  const offered = input({ type: "checkbox" })
  offered.checked = status.phase === "open"
  const pricing = onSubmit(
    element(
      "form",
      { class: "panel" },
      element("h2", {}, status.name),
      element(
        "p",
        {},
        `${Math.round(status.utilization * 1000) / 10}% of its hours sold in 30 days, ${status.sold_hours} h; ${credits(earnings.total)} credits earned, ${credits(earnings.daily_average)} a day.`,
      ),
      field("Credits an hour", price),
      field("Strategy", strategy),
      field("Offered", offered, "Off: no new bookings; those that are sold stay."),
      element("button", { type: "submit" }, "Change"),
    ),
    async () => {
      await ask("PATCH", path, {
        base_price: price.value,
        strategy: strategy.value,
        is_offered: offered.checked,
      })
      announce("Changed")
      changed()
    },
  )
  const schedule = element(
    "textarea",
    { rows: "8", spellcheck: "false" },
    status.schedule === null ? "" : JSON.stringify(status.schedule, null, 2),
  )
  const week = onSubmit(
    element(
      "form",
      { class: "panel" },
      element("h2", {}, "Its week"),
      element("p", {}, status.schedule_text),
      field(
        "Schedule",
        schedule,
        'As JSON, such as {"timezone": "Europe/Berlin", "availability": {"monday": ["09:00-17:00"]}, "maintenance_windows": []}; empty: always.',
      ),
      element("button", { type: "submit" }, "Change"),
    ),
    async () => {
      await ask("PUT", `${path}/availability`, {
        schedule: schedule.value.trim() === "" ? null : JSON.parse(schedule.value),
      })
      announce("Changed")
      changed()
    },
  )
  const percentOf = (ratio) =>
    ratio === null || ratio === undefined ? "" : String(Math.round(ratio * 10_000) / 100)
  const percentages = { type: "number", min: "0", max: "100", step: "any" }
  const available = input({ ...percentages, value: percentOf(status.sla?.availability_target) })
  const completed = input({ ...percentages, value: percentOf(status.sla?.completion_rate_target) })
  const response = input({
    type: "number",
    min: "0",
    max: "86400",
    step: "any",
    value: status.sla?.response_time_target ?? "",
  })
  const penalty = input({ ...percentages, value: percentOf(status.sla?.penalty_rate) })
  const promises = onSubmit(
    element(
      "form",
      { class: "panel" },
      element("h2", {}, "What it promises"),
      element("p", {}, "With hours that are ordered from now on. Left empty: no promise."),
      field("Up, %", available),
      field("Calls that succeed, %", completed),
      field("Answers begin within, s", response),
      field("Goes back where it is not kept, %", penalty, "Of a period’s price."),
      element("button", { type: "submit" }, "Promise"),
    ),
    async () => {
      const shareOf = (one, name) =>
        one.value === "" ? {} : { [name]: Math.round(Number(one.value) * 100) / 10_000 }
      await ask("PUT", `${path}/sla`, {
        ...shareOf(available, "availability_target"),
        ...shareOf(completed, "completion_rate_target"),
        ...(response.value === "" ? {} : { response_time_target: Number(response.value) }),
        ...shareOf(penalty, "penalty_rate"),
      })
      announce("Promised")
      changed()
    },
  )
  const remove = onSubmit(
    element("form", {}, element("button", { type: "submit", class: "quiet" }, "Sell it no more")),
    async () => {
      await ask("DELETE", path)
      announce("Removed")
      removed()
    },
  )
  return element(
    "div",
    { class: "columns" },
    element("div", {}, pricing, promises),
    element("div", {}, week, remove),
  )
}
