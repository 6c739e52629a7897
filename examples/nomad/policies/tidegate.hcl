# What Tidegate asks of Consul's catalog (provider consulCatalog): it only reads.
service_prefix "" {
  policy = "read"
}

# Where instances are, and the checks of nodes.
node_prefix "" {
  policy = "read"
}
