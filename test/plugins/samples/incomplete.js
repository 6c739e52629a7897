export default { summary: 'No create.', options: () => ({}) }
