output "service_name" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.this.name
}

output "task_definition_arn" {
  description = "ARN of the task definition."
  value       = aws_ecs_task_definition.this.arn
}

output "task_role_arn" {
  description = "ARN of the role that Tidegate has; give it more where other providers need it."
  value       = aws_iam_role.task.arn
}

output "security_group_id" {
  description = "Security group of the tasks; allow it to reach your services."
  value       = aws_security_group.task.id
}

output "log_group_name" {
  description = "Where logs go."
  value       = aws_cloudwatch_log_group.this.name
}

output "dns_name" {
  description = "Name of the load balancer, which host names point to; null without one."
  value       = one([for balancer in aws_lb.this : balancer.dns_name])
}

output "zone_id" {
  description = "Hosted zone of that name, for alias records; null without one."
  value       = one([for balancer in aws_lb.this : balancer.zone_id])
}
