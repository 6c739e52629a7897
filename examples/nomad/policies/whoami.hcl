# What registers one application: a team's token may not claim the name of another's service.
service "whoami" {
  policy = "write"
}
