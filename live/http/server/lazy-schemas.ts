/**
 * The schemas of routes, compiled when a route first needs them. There are hundreds, for every status that
 * a route may answer; compiling all of them would take most of the second in which a gateway starts.
 */
import ajvCompiler from "@fastify/ajv-compiler"
import serializerCompiler from "@fastify/fast-json-stringify-compiler"
import type { FastifyServerOptions } from "fastify"

type Factories = NonNullable<
  NonNullable<FastifyServerOptions["schemaController"]>["compilersFactory"]
>

/** The value that `make` gives, made at the first call. */
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

/** One compiler for all servers of the process: it knows again what it has compiled, which holds nothing of a server. */
const validators = ajvCompiler()
const serializers = serializerCompiler()

/** Fastify's own compilers, each of which puts off its work. */
export const lazySchemas = (): Factories => {
  const buildValidator: typeof validators = (shared, options) => {
    const compile = validators(shared, options)
    return (route) => {
      const compiled = once(() => compile(route))
      // Of a validator, Fastify asks whether it takes something, and then what was wrong.
      const validate = ((data: unknown) => {
        const isValid = compiled()(data)
        validate.errors = compiled().errors ?? null
        return isValid
      }) as ReturnType<typeof compile>
      return validate
    }
  }
  return {
    buildValidator,
    buildSerializer: (shared, options) => {
      const compile = serializers(shared, options)
      return (route) => {
        const compiled = once(() => compile(route))
        return (answer: unknown) => compiled()(answer)
      }
    },
  }
}
