output "hosts" {
  description = "The host of each version, by its tag."
  value       = { for tag in keys(var.versions) : tag => "${var.name}-${lower(replace(tag, "/[^A-Za-z0-9]+/", "-"))}.${local.suffix}" }
}

output "service_names" {
  description = "Names of the ECS services, by tag."
  value       = { for tag, service in aws_ecs_service.this : tag => service.name }
}

output "security_group_id" {
  description = "Security group of the tasks."
  value       = aws_security_group.this.id
}
