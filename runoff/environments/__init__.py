"""Where it runs: interpreters and trees and what they hold, contenders, and the limits of this machine."""
