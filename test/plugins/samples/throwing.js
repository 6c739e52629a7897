export const nothing = 1

throw new Error('at load')
