import { defineMiddleware } from '../middleware.ts'

export default defineMiddleware({
  summary: 'Stands for several middlewares under one name.',
  options: (field) => ({
    middlewares: field.list('They are passed in this order.', field.string('`name` or `name@provider`.')),
  }),

  check({ middlewares }) {
    return middlewares.length === 0 ? '`middlewares` is empty, so the chain would do nothing' : undefined
  },

  expand: ({ middlewares }) => middlewares,

  create: () => ({}),
})
