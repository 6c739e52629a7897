output "hosts" {
  description = "Hosts of the application; point `*.environment.domain` to `dns_name`."
  value       = module.whoami.hosts
}

output "dns_name" {
  description = "Name of the load balancer."
  value       = module.tidegate.dns_name
}

output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_names" {
  description = "Services of the application by tag, and Tidegate's own."
  value       = merge(module.whoami.service_names, { tidegate = module.tidegate.service_name })
}

output "task_role_arn" {
  description = "The role that Tidegate has."
  value       = module.tidegate.task_role_arn
}
