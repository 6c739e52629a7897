# Besides, with the provider `consul`, which reads routes from the KV store below `tidegate`.
key_prefix "tidegate" {
  policy = "read"
}
