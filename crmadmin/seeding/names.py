"""The words that made-up people and companies are called by, with how common each is.

Shares of family names are those of Vietnam as a whole, in tenths of a percent; those of the other
words are rough. Data only.
"""

from __future__ import annotations

FAMILY = {
    "Nguyễn": 315, "Trần": 110, "Lê": 95, "Phạm": 71, "Hoàng": 28, "Huỳnh": 23, "Phan": 45,
    "Vũ": 21, "Võ": 18, "Đặng": 21, "Bùi": 20, "Đỗ": 14, "Hồ": 13, "Ngô": 13, "Dương": 10,
    "Lý": 5, "Đinh": 10, "Trịnh": 7, "Mai": 6, "Đoàn": 6, "Đào": 6, "Trương": 8, "Lương": 5,
    "Cao": 5, "Tạ": 3, "Hà": 4, "Lâm": 5, "Châu": 3, "Tô": 3, "Thái": 3, "Quách": 2, "La": 1,
    "Phùng": 3, "Chu": 3, "Vương": 3, "Nghiêm": 1, "Kiều": 2, "Tống": 1, "Từ": 1, "Ông": 1,
    "Âu": 1, "Diệp": 1, "Lục": 1, "Khổng": 1, "Tôn Thất": 1, "Hứa": 1, "Thạch": 2, "Lưu": 3,
    "Nông": 2, "Hoàng Phủ": 1,
}  # fmt: skip

MIDDLE_MEN = {
    "Văn": 190, "Hữu": 40, "Đức": 45, "Minh": 60, "Quang": 40, "Quốc": 40, "Thanh": 35,
    "Xuân": 25, "Công": 25, "Đình": 30, "Ngọc": 35, "Anh": 15, "Tuấn": 20, "Hoàng": 30, "Gia": 15,
    "Bảo": 12, "Thành": 25, "Trọng": 20, "Duy": 22, "Mạnh": 20, "Tiến": 15, "Việt": 12, "Viết": 8,
    "Bá": 8, "Thế": 18, "Nhật": 10, "Hải": 10, "Trung": 12, "Phú": 8, "": 25,
}  # fmt: skip
MIDDLE_WOMEN = {
    "Thị": 160, "Thị Thu": 30, "Thị Ngọc": 25, "Thị Kim": 22, "Thị Hồng": 25, "Thị Thanh": 28,
    "Thị Minh": 16, "Thị Mỹ": 14, "Thị Bích": 12, "Ngọc": 40, "Thu": 30, "Thanh": 25, "Kim": 20,
    "Minh": 22, "Hồng": 18, "Phương": 22, "Bích": 10, "Mỹ": 12, "Diệu": 10, "Khánh": 12, "Bảo": 10,
    "Thùy": 18, "Hoài": 10, "Như": 10, "Quỳnh": 14, "Ánh": 8, "Cẩm": 6, "Lan": 8, "Tuyết": 6,
    "Hải": 8, "Mai": 8, "": 12,
}  # fmt: skip
GIVEN_MEN = {
    "Hùng": 30, "Dũng": 28, "Tuấn": 32, "Minh": 28, "Cường": 24, "Hải": 24, "Long": 22, "Nam": 24,
    "Sơn": 24, "Hiếu": 22, "Thắng": 20, "Đạt": 20, "Huy": 24, "Khoa": 14, "Kiên": 14, "Linh": 6,
    "Quân": 18, "Phong": 16, "Phúc": 18, "Quang": 18, "Tài": 16, "Tâm": 10, "Thành": 20,
    "Thịnh": 12,
    "Toàn": 14,
    "Trung": 20, "Tú": 12, "Tùng": 18, "Việt": 14, "Vinh": 14, "An": 14, "Bình": 16,
    "Bảo": 14, "Chiến": 10, "Đức": 22, "Duy": 18, "Giang": 8, "Hà": 6, "Hoàng": 22, "Hưng": 18,
    "Khánh": 14, "Lâm": 12, "Lộc": 10, "Lợi": 8, "Mạnh": 12, "Nghĩa": 12, "Nhân": 10, "Phát": 12,
    "Phước": 10, "Tấn": 6, "Thái": 12, "Thiện": 10, "Tiến": 14, "Trí": 10, "Trường": 12, "Vũ": 14,
    "Anh": 26, "Khôi": 8, "Khải": 8, "Hậu": 8, "Luân": 6, "Đông": 6, "Định": 4, "Ánh": 2, "Ý": 1,
    "Ân": 3, "Điền": 2, "Xuân": 4,
}  # fmt: skip
GIVEN_WOMEN = {
    "Anh": 34, "Linh": 32, "Trang": 30, "Hương": 28, "Lan": 20, "Hoa": 18, "Hằng": 22, "Hà": 26,
    "Thảo": 24, "Huyền": 20, "Ngọc": 22, "Nga": 16, "Nhung": 16, "Phương": 24, "Thủy": 18,
    "Thu": 14,
    "Trinh": 8, "Vân": 16, "Yến": 18, "Hạnh": 16, "Hiền": 18, "Hồng": 12, "Loan": 12, "Mai": 18,
    "My": 12, "Ngân": 16, "Nhi": 18, "Oanh": 10, "Quỳnh": 14, "Tâm": 12, "Thanh": 14, "Thơ": 4,
    "Thúy": 16, "Tuyết": 8, "Uyên": 12, "Vy": 18, "Xuân": 8, "Ánh": 8, "Bích": 4, "Châu": 8,
    "Chi": 10, "Diễm": 6, "Dung": 12, "Duyên": 12, "Giang": 10, "Hân": 8, "Khánh": 8, "Kiều": 6,
    "Lệ": 4, "Liên": 10, "Mỹ": 6, "Như": 8, "Trâm": 12, "Trúc": 8, "Tú": 4, "Vi": 6, "Ý": 2,
    "Lê": 2, "Đào": 4, "Đan": 3, "Ân": 2, "Thư": 14, "Tiên": 8, "Thương": 8,
}  # fmt: skip

FORMS = {
    "Công ty TNHH": 400, "Công ty Cổ phần": 210, "Công ty TNHH MTV": 120,
    "Công ty TNHH Một thành viên": 20, "Doanh nghiệp tư nhân": 35, "Hợp tác xã": 15,
    "Tập đoàn": 3, "Tổng công ty": 4,
}  # fmt: skip
TRADES = {
    "Thương mại và Dịch vụ": 60, "Thương mại Dịch vụ": 40, "Xây dựng": 45, "Thương mại": 40,
    "Đầu tư và Phát triển": 25, "Sản xuất và Thương mại": 30, "Xuất nhập khẩu": 25, "Vận tải": 22,
    "Cơ khí": 16, "Nông sản": 18, "Dược phẩm": 10, "Thực phẩm": 22, "Điện máy": 10, "Nội thất": 16,
    "May mặc": 16, "Du lịch": 14, "Thiết bị y tế": 8, "Bao bì": 10, "Thủy sản": 12, "Công nghệ": 24,
    "Giải pháp phần mềm": 8, "Bất động sản": 16, "Tư vấn Thiết kế": 12, "In ấn và Quảng cáo": 10,
    "Vật liệu xây dựng": 18, "Giáo dục": 10, "Truyền thông": 10, "Kỹ thuật điện": 12,
    "Môi trường": 6, "Logistics": 12, "Hóa chất": 6, "Nhựa": 8, "Giấy": 4, "Cao su": 5, "Cà phê": 8,
    "Gỗ": 8, "Đồ gỗ mỹ nghệ": 3, "Bảo vệ": 4, "Kế toán và Thuế": 4, "Phụ tùng ô tô": 6,
    "Ẩm thực": 6,
}  # fmt: skip
BRAND = {
    "Minh": 30, "Phát": 22, "Thành": 26, "Đạt": 20, "Hưng": 20, "Thịnh": 18, "Gia": 20, "Phú": 26,
    "An": 28, "Đại": 16, "Tân": 20, "Hoàng": 26, "Việt": 34, "Nam": 30, "Long": 22, "Thiên": 18,
    "Kim": 16, "Ngân": 8, "Bảo": 16, "Tín": 16, "Tiến": 14, "Sao": 10, "Mai": 12, "Anh": 18,
    "Đông": 12, "Á": 10, "Hải": 16, "Sơn": 14, "Hà": 16, "Phương": 14, "Trường": 12, "Quang": 10,
    "Đức": 12, "Vạn": 10, "Lợi": 12, "Lộc": 12, "Khang": 16, "Vinh": 12, "Xuân": 8, "Thái": 12,
    "Bình": 14, "Nhật": 10, "Tâm": 12, "Ánh": 6, "Dương": 10, "Hồng": 12, "Ngọc": 14, "Linh": 8,
    "Thảo": 6, "Hùng": 10, "Cường": 10, "Quân": 6, "Nguyên": 12, "Khánh": 10, "Thủy": 6, "Ân": 4,
}  # fmt: skip
ENDINGS = {"": 850, "Việt Nam": 50, "Group": 15, "Miền Bắc": 8, "Miền Nam": 10, "Miền Trung": 6,
           "Sài Gòn": 14, "Hà Nội": 12, "Quốc tế": 14, "Toàn cầu": 4, "36": 2, "68": 6, "79": 4,
           "Plus": 3, "Vina": 6}  # fmt: skip
SHOPS = {
    "Hộ kinh doanh": 30, "Cửa hàng": 24, "Nhà thuốc": 10, "Tạp hóa": 12, "Quán": 8, "Tiệm vàng": 3,
    "Nhà hàng": 8, "Khách sạn": 4, "Đại lý": 10, "Xưởng": 4, "Phòng khám": 3, "Spa": 4,
}  # fmt: skip

TITLES = {
    "Giám đốc": 18, "Phó giám đốc": 10, "Kế toán trưởng": 14, "Kế toán": 12,
    "Trưởng phòng mua hàng": 10, "Nhân viên mua hàng": 14, "Trợ lý giám đốc": 6, "Chủ cửa hàng": 8,
    "Quản lý kho": 6, "Trưởng phòng kinh doanh": 8, "Hành chính nhân sự": 6, "Kỹ thuật": 6,
    "Marketing": 4, "Người nhà": 2,
}  # fmt: skip
NOTES = {
    "Gặp tại hội chợ, muốn xem mẫu mới": 6, "Gọi lại sau Tết": 6, "Hỏi giá sỉ": 10,
    "Giao hàng buổi sáng": 8, "Thanh toán chuyển khoản": 12, "Đã gửi báo giá, chờ phản hồi": 14,
    "Khách quen, ưu tiên giao trước": 8, "Cần hóa đơn giá trị gia tăng": 12,
    "Chỉ nghe máy sau 17 giờ": 5, "Đã chuyển văn phòng, cần hỏi lại địa chỉ": 3,
    "Quan tâm gói bảo hành 2 năm": 5, "Công nợ 30 ngày": 8, "Nhắn Zalo trước khi gọi": 9,
    "Được khách cũ giới thiệu": 6, "So sánh giá với bên khác": 6, "Từng khiếu nại về giao hàng": 2,
}  # fmt: skip
REASONS = {
    "Yêu cầu không gọi nữa": 40, "Đăng ký danh sách không quảng cáo": 25,
    "Báo số điện thoại nhầm người": 15, "Đã ngừng hoạt động": 12, "Đang khiếu nại": 8,
}  # fmt: skip
"""Why some are not to be contacted."""

MAIL_HOSTS = {"gmail.com": 700, "yahoo.com": 60, "yahoo.com.vn": 30, "outlook.com": 50,
              "hotmail.com": 40, "icloud.com": 40, "vnn.vn": 10, "fpt.vn": 8}  # fmt: skip
MAILBOXES = {"info": 30, "lienhe": 24, "kinhdoanh": 18, "sales": 14, "ketoan": 10, "muahang": 8,
             "contact": 10, "admin": 6, "vanphong": 5}  # fmt: skip
DOMAINS = {"vn": 35, "com.vn": 40, "com": 45, "net": 5}
MOBILES = {
    "32": 25, "33": 26, "34": 25, "35": 26, "36": 26, "37": 25, "38": 26, "39": 24, "86": 30,
    "96": 28, "97": 34, "98": 36, "81": 12, "82": 12, "83": 12, "84": 14, "85": 14, "88": 18,
    "91": 32, "94": 28, "70": 10, "76": 9, "77": 10, "78": 10, "79": 10, "90": 32, "93": 26,
    "56": 5, "58": 5, "92": 9,
}  # fmt: skip
"""The two digits after the zero of mobile numbers."""

GROUPS = (
    "Khách mời hội thảo", "Khách thân thiết", "Nhận bản tin", "Khách chưa mua lại",
    "Chương trình tri ân", "Khách quan tâm sản phẩm mới", "Danh sách gọi điện", "Khách dự án",
    "Mời khai trương", "Tặng quà Tết", "Khách từ hội chợ", "Khách cần chăm sóc lại",
    "Khảo sát hài lòng", "Ưu đãi sinh nhật", "Khách công nợ", "Khách sắp hết bảo hành",
)  # fmt: skip
